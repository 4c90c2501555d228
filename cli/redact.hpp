#pragma once

#include <string>
#include <string_view>

namespace zdm::cli {

/// The last line of defence before something is shown: the password of anything that looks like a
/// connection string (scheme://user:password@…, password=…, sslpassword=…) becomes ***.
[[nodiscard]] std::string redacted(std::string_view text);

/// Whether redacted() would change it.
[[nodiscard]] bool holds_password(std::string_view text);

}  // namespace zdm::cli
