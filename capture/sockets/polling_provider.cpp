#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "capture/sockets/polling_provider.h"

namespace doorplate {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t most_questions = 4096;
constexpr std::size_t questions_at_once = 64;
// Of facts that nobody fetches: the latest ones.
constexpr std::size_t most_waiting_looks = 16;
constexpr std::size_t most_waiting_answers = 4096;
// A look may take at most a fifth of our time.
constexpr int rest_after_look = 4;
// The soonest that a question which was not answered quickly brings about the next look.
constexpr Duration least_rest = std::chrono::milliseconds(20);
// When to ask again for the socket of a connection that is not accepted yet. Accepting takes some ten microseconds
// where a server waits for it, and a second where it is busy, which the looks at the whole will see.
constexpr std::array<Duration, 4> ask_again_after{std::chrono::milliseconds(1), std::chrono::milliseconds(5),
                                                  std::chrono::milliseconds(25), std::chrono::milliseconds(125)};

struct Question {
    SocketTuple tuple;
    std::size_t times_asked = 0;
    Clock::time_point due; // only after the first time
};

class PollingProvider final : public SocketProvider {
  public:
    PollingProvider(SocketSearch search, Duration poll_interval)
        : search_(std::move(search)), poll_interval_(poll_interval), method_(search_.method()),
          degradations_(search_.degradations()), thread_([this](const std::stop_token &stop) { run(stop); }) {}

    std::vector<SocketFacts> drain() override {
        const std::scoped_lock lock(mutex_);
        waiting_looks_ = 0;
        return std::exchange(facts_, {});
    }

    void look_up(Transport transport, const Endpoint &local, const Endpoint &remote) override {
        {
            const std::scoped_lock lock(mutex_);
            if (questions_.size() >= most_questions) questions_.pop_front();
            questions_.push_back({{transport, local, remote}, 0, {}});
        }
        wake_.notify_one();
    }

    void refresh() override {
        std::unique_lock lock(mutex_);
        const std::uint64_t wanted = looks_begun_ + 1;
        look_wanted_ = std::max(look_wanted_, wanted);
        wake_.notify_one();
        looked_.wait(lock, [&] { return looks_done_ >= wanted; });
    }

    [[nodiscard]] AttributionMethod method() const override { return method_; }

    [[nodiscard]] std::vector<Degradation> degradations() const override {
        const std::scoped_lock lock(mutex_);
        return degradations_;
    }

  private:
    void run(const std::stop_token &stop) {
        look(stop);
        while (!stop.stop_requested()) {
            bool look_now = false;
            {
                std::unique_lock lock(mutex_);
                const auto something_to_do = [this] { return !questions_.empty() || look_wanted_ > looks_begun_; };
                wake_.wait_until(lock, stop, next_event(), something_to_do);
                look_now = look_wanted_ > looks_begun_;
            }
            if (stop.stop_requested()) return;
            answer_questions();
            if (look_now || Clock::now() >= next_look_) look(stop);
        }
    }

    [[nodiscard]] Clock::time_point next_event() const {
        Clock::time_point next = next_look_;
        for (const Question &question : asked_again_) next = std::min(next, question.due);
        return next;
    }

    void look(const std::stop_token &stop) {
        std::uint64_t number = 0;
        {
            const std::scoped_lock lock(mutex_);
            number = ++looks_begun_;
        }
        const Clock::time_point begun = Clock::now();
        early_look_wanted_ = false;
        // A look may take seconds on a host with many descriptors; new flows do not wait for it.
        Result<SocketFacts> facts = search_.look([this, &stop] {
            answer_questions();
            return !stop.stop_requested();
        });
        const Clock::time_point ended = Clock::now();
        rest_ = rest_after_look * (ended - begun);
        last_look_ended_ = ended;
        next_look_ = ended + std::max(poll_interval_, rest_);
        if (early_look_wanted_) look_early();
        {
            const std::scoped_lock lock(mutex_);
            if (facts) keep(std::move(*facts));
            if (!facts && !stop.stop_requested()) degrade({"socket_table", facts.error().message});
            copy_degradations();
            looks_done_ = number;
        }
        looked_.notify_all();
    }

    void look_early() { next_look_ = std::min(next_look_, last_look_ended_ + std::max(least_rest, rest_)); }

    // Everything that is asked by now: the new questions, and the old ones that are due.
    void answer_questions() {
        std::deque<Question> now;
        {
            const std::scoped_lock lock(mutex_);
            const auto end =
                questions_.begin() + static_cast<std::ptrdiff_t>(std::min(questions_.size(), questions_at_once));
            std::move(questions_.begin(), end, std::back_inserter(now));
            questions_.erase(questions_.begin(), end);
        }
        answer(now);
        std::deque<Question> again;
        const Clock::time_point time = Clock::now();
        const auto is_due = [time](const Question &question) { return question.due <= time; };
        std::ranges::copy_if(asked_again_, std::back_inserter(again), is_due);
        std::erase_if(asked_again_, is_due);
        answer(again);
    }

    void answer(const std::deque<Question> &questions) {
        if (questions.empty()) return;
        std::vector<SocketTuple> tuples;
        tuples.reserve(questions.size());
        for (const Question &question : questions) tuples.push_back(question.tuple);
        SocketSearch::Answer answer = search_.answer(tuples);

        for (const Question &question : questions) {
            if (question.times_asked >= ask_again_after.size() || asked_again_.size() >= most_questions) continue;
            if (std::ranges::find(answer.ask_again, question.tuple) == answer.ask_again.end()) continue;
            asked_again_.push_back(
                {question.tuple, question.times_asked + 1, Clock::now() + ask_again_after.at(question.times_asked)});
        }
        if (answer.holder_missing) {
            early_look_wanted_ = true;
            look_early();
        }
        // The listener is known from the first time.
        const bool first_time = questions.front().times_asked == 0;
        if (!first_time)
            std::erase_if(answer.facts.sockets,
                          [](const SocketFact &fact) { return fact.socket.state == SocketState::listen; });
        const std::scoped_lock lock(mutex_);
        if (!answer.facts.sockets.empty()) keep(std::move(answer.facts));
        copy_degradations();
    }

    // All below: `mutex_` is held.

    void keep(SocketFacts facts) {
        waiting_looks_ += facts.whole_table ? 1 : 0;
        facts_.push_back(std::move(facts));
        const bool looks_full = waiting_looks_ > most_waiting_looks;
        if (!looks_full && facts_.size() - waiting_looks_ <= most_waiting_answers) return;
        const auto oldest = std::ranges::find(facts_, looks_full, &SocketFacts::whole_table);
        if (looks_full) --waiting_looks_;
        facts_.erase(oldest);
        degrade({"socket_facts", "socket facts came faster than they were taken: the oldest were forgotten"});
    }

    void degrade(Degradation degradation) {
        const auto known = [&](const Degradation &other) { return other.what == degradation.what; };
        if (std::ranges::none_of(degradations_, known)) degradations_.push_back(std::move(degradation));
    }

    void copy_degradations() {
        for (const Degradation &degradation : search_.degradations()) degrade(degradation);
    }

    // The thread's own.
    SocketSearch search_;
    const Duration poll_interval_;
    const AttributionMethod method_;
    std::vector<Question> asked_again_;
    bool early_look_wanted_ = false;
    Duration rest_{};
    Clock::time_point last_look_ended_;
    Clock::time_point next_look_;

    mutable std::mutex mutex_;
    std::condition_variable_any wake_;
    std::condition_variable looked_;
    std::deque<Question> questions_;
    std::vector<SocketFacts> facts_;
    std::size_t waiting_looks_ = 0;
    std::vector<Degradation> degradations_;
    std::uint64_t looks_begun_ = 0;
    std::uint64_t looks_done_ = 0;
    // The number of the look that somebody waits for.
    std::uint64_t look_wanted_ = 0;

    // Last, so that it ends before what it uses does.
    std::jthread thread_;
};

} // namespace

std::unique_ptr<SocketProvider> make_polling_provider(SocketSearch search, Duration poll_interval) {
    return std::make_unique<PollingProvider>(std::move(search), poll_interval);
}

} // namespace doorplate
