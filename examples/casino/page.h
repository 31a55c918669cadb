/* The page that / shows: one HTML document that needs nothing else, and asks for /tree.json again
   and again. */
#ifndef CASINO_PAGE_H
#define CASINO_PAGE_H

extern const char page_html[];

#endif
