/* A program outside the tree: it calls into the library, and is told what went wrong in words. */
#include <pit/base.h>

#include <stdio.h>
#include <string.h>

int main(void)
{
    const char *text = pit_strerror(-PIT_ENOPROC);

    printf("%s\n", text);
    return strlen(text) > 0 ? 0 : 1;
}
