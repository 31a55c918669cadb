/* See program.h. A line is ID COUNT DEFERRED | PROCESS STEP , STEP / PROCESS STEP | ...; blanks divide words. */
#include "tests/differential/program.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static bool parse_step(char *text, struct step *ret)
{
    char *at, *word = strtok_r(text, " ", &at);
    int n = 0;

    if (!word)
        return false;
    *ret = (struct step){.name = word};
    while ((word = strtok_r(NULL, " ", &at))) {
        if (!isdigit((unsigned char)*word))
            ret->word = word;
        else if (n < MAX_ARGUMENTS)
            ret->a[n++] = atoi(word);
        else
            return false;
    }
    return true;
}

static bool parse_script(char *text, struct script *ret)
{
    char *at, *step;

    ret->process = (int)strtol(text, &text, 10);
    if (ret->process < 1 || ret->process >= MAX_PROCESSES)
        return false;
    for (step = strtok_r(text, ",", &at); step; step = strtok_r(NULL, ",", &at))
        if (ret->count == MAX_STEPS || !parse_step(step, &ret->steps[ret->count++]))
            return false;
    return true;
}

static bool parse_phase(char *text, struct phase *ret)
{
    char *at, *script;

    for (script = strtok_r(text, "/", &at); script; script = strtok_r(NULL, "/", &at))
        if (ret->count == MAX_PROCESSES || !parse_script(script, &ret->scripts[ret->count++]))
            return false;
    return true;
}

bool program_parse(char *line, struct program *ret)
{
    char *at, *phase = strtok_r(line, "|", &at);

    memset(ret, 0, sizeof *ret);
    if (!phase)
        return false;
    ret->id = (int)strtol(phase, &phase, 10);
    ret->processes = (int)strtol(phase, &phase, 10);
    ret->deferred = (int)strtol(phase, &phase, 10);
    if (ret->processes < 1 || ret->processes >= MAX_PROCESSES)
        return false;
    while ((phase = strtok_r(NULL, "|", &at)))
        if (ret->phases == MAX_PHASES || !parse_phase(phase, &ret->phase[ret->phases++]))
            return false;
    return true;
}
