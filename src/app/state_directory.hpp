#pragma once

#include "sweepctl/base/log.hpp"

#include <cstdint>
#include <optional>
#include <string>

// Small things that daemons keep in, or learn from, the state directory and the machine.

namespace sweepctl {

/// Makes it and its parents; 0700. Throws std::runtime_error.
void make_private_directory(const std::string& path);

/// The key for the TCP door: 48 characters [0-9a-z], made at the first use, 0600. Throws
/// std::runtime_error.
[[nodiscard]] std::string read_or_make_token(const std::string& path);

/// `length` random characters [0-9a-z], the first a letter. Throws std::runtime_error.
[[nodiscard]] std::string random_word(std::size_t length);

/// The first line of a small file; empty when there is none.
[[nodiscard]] std::string read_word(const std::string& path);
/// Replaces the file in one step, 0600. Throws std::runtime_error.
void write_word(const std::string& path, const std::string& word);

/// The TCP port that the controller of this directory had last.
[[nodiscard]] std::optional<std::uint16_t> read_port(const std::string& home);
void write_port(const std::string& home, std::uint16_t port);

[[nodiscard]] std::string user_name();
[[nodiscard]] std::string host_name();
/// This program's file, fit to be started again.
[[nodiscard]] std::string own_program();
/// sweepctl-runner: beside this program, or in ../libexec/sweepctl. Throws std::runtime_error.
[[nodiscard]] std::string runner_program();

[[nodiscard]] LogLevel log_level_from(const std::string& word);

}  // namespace sweepctl
