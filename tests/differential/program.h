/*
 * A program of the differential test, as interpret.c runs it: phases, in each of which some
 * processes run a script. README.md has the language. What is parsed is not written any more: all
 * runs of a program share it.
 */
#ifndef TESTS_DIFFERENTIAL_PROGRAM_H
#define TESTS_DIFFERENTIAL_PROGRAM_H

#include <stdbool.h>

enum {
    MAX_PROCESSES = 8, /* numbered from 1 */
    MAX_PHASES = 64,
    MAX_STEPS = 16, /* of one process in one phase */
    MAX_REFS = 64,
    MAX_ARGUMENTS = 4,
};

struct step {
    const char *name;
    int a[MAX_ARGUMENTS]; /* its numbers, in their order */
    const char *word;     /* its argument that is no number: a reason */
};

struct script {
    int process, count;
    struct step steps[MAX_STEPS];
};

struct phase {
    int count;
    struct script scripts[MAX_PROCESSES];
};

struct program {
    int id, processes, deferred,
        phases; /* deferred: a bit for each that no start makes, but a step */
    struct phase phase[MAX_PHASES];
};

/* Take a line apart: it is written to, and the program points into it. false: not a program. */
bool program_parse(char *line, struct program *ret);

#endif
