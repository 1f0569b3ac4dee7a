module ingot.example

go 1.19
