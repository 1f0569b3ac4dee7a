#include <stdio.h>

int main(int argc, char** argv) {
  printf("Hello, world!\n");
  for (int i = 1; i < argc; ++i) printf("argument %d: %s\n", i, argv[i]);
  fprintf(stderr, "%d arguments\n", argc > 0 ? argc - 1 : 0);
  return argc > 2 ? 7 : 0;
}
