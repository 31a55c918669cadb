#include <pit/log.h>
#include <pit/message.h>

void pit_unexpected(const pit_msg *m)
{
    char text[1024];

    (void)pit_message_text(m, text, sizeof text);
    pit_log(PIT_LOG_WARNING, "process %llx ignored a message that it did not expect: %s",
            (unsigned long long)pit_self().id, text);
}
