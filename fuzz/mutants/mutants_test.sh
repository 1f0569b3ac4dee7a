#!/bin/sh
# Runs mutants.py on the test programs beside it.
exec /usr/bin/python3 fuzz/mutants/mutants.py fuzz/mutants "$@"
