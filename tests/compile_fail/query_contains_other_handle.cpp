// expect: corm: this handle is of another struct than the relation leads to; give a handle or a key of its target
#include "related_entities.hpp"

corm::query::Condition condition(const corm::orm::Ref<Book>& book) {
    return corm::query::contains<&Book::pages>(book);
}
