// Strings that mean something to SQL, to JSON, to arrays or to encodings.
#pragma once

#include <string>
#include <vector>

namespace corm::test {

/// Of text that PostgreSQL can store.
inline std::vector<std::string> injection_corpus() {
    return {"",
            "'",
            "''",
            "\"",
            "\"\"",
            "\\",
            "\\'",
            "\\\\",
            "E'",
            "U&\"",
            "U&'\\0041'",
            "$$",
            "$tag$",
            "$1",
            ";",
            "--",
            "/*",
            "*/",
            "/* /* */",
            "\r\n",
            "\r",
            "\v",
            "\f",
            "x -c app.planted=1",
            "x\r-c\rapp.planted=1",
            "x\v-c\vapp.planted=1",
            "\n",
            "\t",
            "\x01",
            "\x7f",
            "%",
            "_",
            "\\%",
            "{",
            "}",
            "{}",
            "{\"a\":1}",
            ",",
            "NULL",
            "null",
            "true",
            "pg_catalog",
            "public",
            "'; drop table canary; --",
            "\"; drop table canary; --",
            "') ; delete from canary; --",
            "\\'; drop table canary; --",
            "$$; drop table canary; --",
            "*/; drop table canary; /*",
            "1 or 1 = 1",
            "\xe2\x80\xa8",     // line separator
            "\xe2\x80\xae",     // right to left
            "\xca\xbc",         // modifier letter apostrophe
            "\xef\xbc\x87",     // full-width apostrophe
            "\xf0\x9f\x90\x98", // beyond the basic plane
            "\xef\xbb\xbf",     // byte order mark
            std::string(10'000, '\'')};
}

/// Of bytes that are no such text: they have to be refused.
inline std::vector<std::string> refused_corpus() {
    return {std::string{"a\0b", 3}, std::string{"\0", 1}, "\xc0'", "\xbf\\", "\xc0\xa7", "\xed\xa0\x80", "\xff",
            "\xf4\x90\x80\x80",     "a\xe2\x82",          "\xe2'"};
}

} // namespace corm::test
