// Drives a fuzz target without libFuzzer, so that every build and every test run can: the seeds as
// they are, then inputs made out of them. The options are those of libFuzzer that matter here.
//
//   toml_fuzz [-runs=N] [-seed=N] [-timeout=SECONDS] [-dict=FILE] [FILE | FOLDER]…
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "fuzz/mutate.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

struct Options {
  std::uint64_t runs = 5'000;
  std::uint64_t seed = 1;
  std::uint64_t timeout = 30;  ///< seconds for one input
  std::vector<std::string> words;
  std::vector<std::string> seeds;
};

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Lines of libFuzzer's dictionaries: "a word", with \x20 and a backslash before itself and quotes.
std::vector<std::string> read_dictionary(const fs::path& path) {
  std::vector<std::string> words;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const auto begin = line.find('"');
    const auto end = line.rfind('"');
    if (line.starts_with('#') || begin == std::string::npos || begin == end) continue;
    std::string word;
    for (std::size_t at = begin + 1; at < end; ++at) {
      if (line[at] == '\\' && line.substr(at + 1, 1) == "x") {
        word += static_cast<char>(std::stoi(line.substr(at + 2, 2), nullptr, 16));
        at += 3;
      } else {
        if (line[at] == '\\') ++at;
        word += line[at];
      }
    }
    words.push_back(std::move(word));
  }
  return words;
}

/// In an order that is the same everywhere.
std::vector<std::string> read_seeds(const fs::path& path) {
  if (!fs::exists(path)) {
    std::cerr << "there is no " << path.string() << '\n';
    std::exit(2);
  }
  std::vector<fs::path> paths;
  if (fs::is_directory(path)) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      if (entry.is_regular_file()) paths.push_back(entry.path());
    }
  } else {
    paths.push_back(path);
  }
  std::ranges::sort(paths);
  std::vector<std::string> seeds;
  std::ranges::transform(paths, std::back_inserter(seeds), read);
  return seeds;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const std::string value(word.substr(std::min(word.find('=') + 1, word.size())));
    if (word.starts_with("-runs=")) {
      options.runs = std::stoull(value);
    } else if (word.starts_with("-seed=")) {
      options.seed = std::stoull(value);
    } else if (word.starts_with("-timeout=")) {
      options.timeout = std::stoull(value);
    } else if (word.starts_with("-dict=")) {
      options.words = read_dictionary(value);
    } else {
      std::ranges::move(read_seeds(fs::path(word)), std::back_inserter(options.seeds));
    }
  }
  return options;
}

/// The seeds first, then what is made out of them; any one can be had without those before it.
class Inputs final {
 public:
  explicit Inputs(const Options& options)
      : options_(options), mutator_(options.seed, options.seeds, options.words) {}

  [[nodiscard]] std::uint64_t count() const { return options_.seeds.size() + options_.runs; }
  [[nodiscard]] std::string at(std::uint64_t run) {
    return run < options_.seeds.size() ? options_.seeds[run] : mutator_.input(run);
  }

 private:
  const Options& options_;
  zdm::tests::Mutator mutator_;
};

/// Its own process tells by `run` how far it came, whatever ends it.
[[noreturn]] void work(const Options& options, std::atomic<std::uint64_t>& run) {
  Inputs inputs(options);
  for (; run < inputs.count(); ++run) {
    const std::string input = inputs.at(run);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::_Exit(0);
}

/// True once the worker is gone; false when one input has kept it for too long.
bool wait_for(pid_t worker, const std::atomic<std::uint64_t>& run, std::uint64_t timeout,
              int& status) {
  using Clock = std::chrono::steady_clock;
  std::uint64_t seen = run;
  auto since = Clock::now();
  while (waitpid(worker, &status, WNOHANG) == 0) {
    if (run != seen) {
      seen = run;
      since = Clock::now();
    }
    if (Clock::now() - since > std::chrono::seconds(timeout)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

/// Says which input it was, and keeps it as libFuzzer would.
int tell(const Options& options, const fs::path& program, std::uint64_t run,
         const std::string& what) {
  const std::string name = program.filename().string();
  const std::string file =
      name + ".crash-" + std::to_string(options.seed) + "-" + std::to_string(run);
  const std::string input = Inputs(options).at(run);
  std::ofstream(file, std::ios::binary) << input;
  std::cerr << name << ": " << what << " at input " << run << " of -seed=" << options.seed
            << " (-runs=" << options.runs << "): " << input.size() << " bytes, kept as "
            << fs::absolute(file).string() << "\nagain: " << program.string() << " -runs=0 " << file
            << '\n';
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  void* shared = mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return 2;
  auto& run = *new (shared) std::atomic<std::uint64_t>(0);
  const pid_t worker = fork();
  if (worker < 0) return 2;
  if (worker == 0) work(options, run);
  int status = 0;
  if (!wait_for(worker, run, options.timeout, status)) {
    kill(worker, SIGKILL);
    waitpid(worker, &status, 0);
    return tell(options, argv[0], run, "no answer in " + std::to_string(options.timeout) + " s");
  }
  if (WIFSIGNALED(status)) {
    return tell(options, argv[0], run, "signal " + std::to_string(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != 0) {
    return tell(options, argv[0], run, "exit " + std::to_string(WEXITSTATUS(status)));
  }
  std::cout << run << " inputs, -seed=" << options.seed << '\n';
  return 0;
}
