#include "runtime/land.h"
int pit__land_begin(void) { return 0; }
void pit__land_end(void) {}
void pit__land_thread_begin(void) {}
void pit__land_thread_end(void) {}
