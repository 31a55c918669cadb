/* What the cases of test_caught.c run, in C++. Each is the body of a node's first process; a failed
   CHECK ends the test. */
#ifndef TESTS_RUNTIME_CAUGHT_BODIES_H
#define TESTS_RUNTIME_CAUGHT_BODIES_H

#ifdef __cplusplus
extern "C" {
#endif

void caught_bodies_take_turns(void);
void caught_bodies_take_turns_in_destructors(void);
void caught_bodies_wait_in_a_handler(void);
void caught_bodies_end_in_a_catch_block(void);
void caught_bodies_have_a_predicate_that_throws(void);
void caught_bodies_catch_on_a_foreign_thread(void);
void caught_bodies_go_uncaught(void);

#ifdef __cplusplus
}
#endif

#endif
