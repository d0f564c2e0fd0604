// expect: corm: rows are read into a type with a member that corm cannot read
#include "query_entities.hpp"

struct Handle {
    void* pointer = nullptr;
};
BOOST_DESCRIBE_STRUCT(Handle, (), (pointer))
int read(const corm::types::Rows& rows) {
    return corm::query::RowReader<Handle>{rows}.size();
}
