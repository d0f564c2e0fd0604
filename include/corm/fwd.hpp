// Forward declarations of the public classes.
#pragma once

namespace corm {

template <class T>
struct type;

namespace mapping {
class Mapper;
class Record;
template <class T>
class Many;
template <class T>
class One;
} // namespace mapping

namespace uow {
class Instance;
struct RelationAccess;
} // namespace uow

namespace query {
template <class T>
class Insert;
template <class Row>
class Query;
class ChangeStatement;
template <class Row>
class Returning;
} // namespace query

namespace orm {
class Engine;
class AsyncSession;
class Savepoint;
class SessionHandle;
class NewConnection;
class SessionHooks;
class Subscription;
class Channels;
class AdvisoryLock;
class AdvisoryKey;
template <class T>
class Ref;
template <class T>
class Edit;
template <class Item>
class Stream;
} // namespace orm

} // namespace corm
