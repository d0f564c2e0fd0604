// What the explorer answers: every table as pages and as JSON.
#pragma once

#include "catalogue.hpp"
#include "edit.hpp"
#include "options.hpp"

#include "common/message.hpp"

#include <string>
#include <string_view>

namespace explorer {

/// Belongs to one thread; any number of its requests may be under way.
class Explorer {
public:
    Explorer(corm::Engine& engine, Catalogue& catalogue, const Options& options)
        : engine_(engine), catalogue_(catalogue), options_(options) {}

    /// Never throws: every error becomes a response. A request that fails because the schema has changed under it is
    /// answered again, if it only reads.
    corm::Task<examples::Response> answer(examples::Request request);

private:
    using Known = std::shared_ptr<const Snapshot>; ///< held by each request for as long as it takes

    corm::Task<examples::Response> route_page(const examples::Request& request, const Known& known);
    corm::Task<examples::Response> route_json(const examples::Request& request, const Known& known);

    corm::Task<examples::Response> show_rows(const examples::Request& request, const Known& known, const Table& table);
    corm::Task<examples::Response> show_row(const examples::Request& request, const Known& known, const Table& table);
    corm::Task<examples::Response> take_form(const examples::Request& request, const Table& table);

    corm::Task<examples::Response> json_rows(const examples::Request& request, const Known& known, const Table& table);
    corm::Task<examples::Response> json_row(const examples::Request& request, const Known& known, const Table& table);
    corm::Task<examples::Response> patch_row(const examples::Request& request, const Known& known, const Table& table);
    corm::Task<examples::Response> erase_row(const examples::Request& request, const Table& table);
    [[nodiscard]] examples::Response stats() const;

    /// True if the schema is not any more what it was.
    corm::Task<bool> is_outdated(const Known& known);
    void refuse_strangers(const examples::Request& request) const;
    corm::Task<Row> row_for(const corm::AsyncSession& session, const examples::Request& request,
                            const Table& table) const;

    corm::Engine& engine_;
    Catalogue& catalogue_;
    const Options& options_;
};

} // namespace explorer
