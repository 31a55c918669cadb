/*
 * What pitlat's two halves share: the shape of a histogram, the keys, the kinds of loss.
 */
#ifndef PIT_BPF_PITLAT_H
#define PIT_BPF_PITLAT_H

/* slot i holds [2^i, 2^(i+1)) ns; the first 0 ns too, the last all above 9 min */
#define PITLAT_SLOTS 40

/* What a pid is made of; base/probes.h says so to all tools. */
#define PITLAT_PID_INDEX(pid) ((pid) & ((1LL << 27) - 1))
#define PITLAT_PID_GENERATION(pid) ((pid) >> 27 & ((1LL << 35) - 1))

#define PITLAT_EVERYBODY 0 /* the key of the histogram over all processes; no pid is 0 */

struct pitlat_hist {
    unsigned long long count;
    unsigned long long total_ns;
    unsigned long long longest_ns;
    unsigned long long slots[PITLAT_SLOTS];
};

enum pitlat_loss {
    PITLAT_LOST_WAITING, /* became runnable, but the table of waiting processes was full */
    PITLAT_LOST_PROCESS, /* measured, but the table of histograms was full */
    PITLAT_UNSEEN,       /* ran, but became runnable before pitlat was attached, or was lost so */
    PITLAT_LOSSES
};

#endif
