/*
 * Matching without recursion: only the last star is ever returned to, since an earlier star could
 * do nothing that the later one cannot. So the cost is at most pattern times text, where the
 * recursive form is exponential and a pattern of forty stars from one client would hold up a whole
 * table.
 *
 * Spellings that redis accepts and other globs do not: a class without its closing bracket ends
 * with the pattern, a range may be given backwards, a backslash at the very end stands for itself.
 */
#include "examples/casino/glob.h"

/* Is c in the class that starts after the '[' at *p? *p is left on the class's last byte, or at the
   end. */
static bool in_class(struct bytes pattern, size_t *p, unsigned char c)
{
    size_t i = *p + 1;
    bool inverted = i < pattern.len && pattern.at[i] == '^';
    bool found = false;

    i += inverted;
    for (;; i++) {
        if (i >= pattern.len)
            break; /* no closing bracket: as if it stood here */
        unsigned char low = (unsigned char)pattern.at[i];

        if (low == '\\' && pattern.len - i >= 2) {
            found |= (unsigned char)pattern.at[++i] == c;
        } else if (low == ']') {
            break;
        } else if (pattern.len - i >= 3 && pattern.at[i + 1] == '-') {
            unsigned char high = (unsigned char)pattern.at[i + 2];

            found |= low <= high ? low <= c && c <= high : high <= c && c <= low;
            i += 2;
        } else {
            found |= low == c;
        }
    }
    *p = i;
    return found != inverted;
}

/* Does the pattern's element at *p match c? *p is moved behind the element. */
static bool element(struct bytes pattern, size_t *p, unsigned char c)
{
    bool match;

    switch (pattern.at[*p]) {
    case '?':
        match = true;
        break;
    case '[':
        match = in_class(pattern, p, c);
        break;
    case '\\':
        if (pattern.len - *p >= 2)
            (*p)++;
        __attribute__((fallthrough));
    default:
        match = (unsigned char)pattern.at[*p] == c;
        break;
    }
    (*p)++;
    return match;
}

bool glob_match(struct bytes pattern, struct bytes text)
{
    size_t p = 0, t = 0, star = 0, star_text = 0;
    bool starred = false;

    while (t < text.len) {
        if (p < pattern.len && pattern.at[p] == '*') {
            starred = true;
            star = ++p;
            star_text = t;
        } else if (p < pattern.len && element(pattern, &p, (unsigned char)text.at[t])) {
            t++;
        } else if (starred) {
            p = star; /* the star takes one byte more */
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.at[p] == '*')
        p++;
    return p >= pattern.len;
}
