#include "analyze/dissect_ahead.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

namespace doorplate {
namespace {

// Enough packets that handing them over costs little, few enough that they stay in the cache.
constexpr std::size_t packets_per_batch = 512;
// To wake a thread takes longer than to dissect a batch. So whoever had to wait goes on only when there is something to
// do for a while: half of the batches are free, or a quarter of them ready.
constexpr std::size_t batches_per_thread = 8;
constexpr Duration longest_read = std::chrono::milliseconds(250);

// A batch with the bytes that it shows, where the source does not keep them.
struct Place {
    ReadAhead ahead;
    // Nothing follows soon.
    bool is_last_for_now = false;
    std::vector<std::unique_ptr<std::uint8_t[]>> bytes;

    void clear() {
        is_last_for_now = false;
        ahead.packets.clear();
        ahead.interfaces.reset();
        ahead.error.reset();
        ahead.at_end = false;
        bytes.clear();
    }

    void add(std::span<const Packet> packets, bool bytes_stay) {
        ahead.packets.insert(ahead.packets.end(), packets.begin(), packets.end());
        if (bytes_stay) return;
        std::size_t size = 0;
        for (const Packet &packet : packets) size += packet.bytes.size();
        bytes.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(size));
        std::uint8_t *to = bytes.back().get();
        for (Packet &packet : std::span(ahead.packets).last(packets.size())) {
            std::ranges::copy(packet.bytes, to);
            packet.bytes = {to, packet.bytes.size()};
            to += packet.bytes.size();
        }
    }
};

// While it lives, this thread gets none of the signals that end a run; others do.
class SignalsBlocked {
  public:
    SignalsBlocked() {
        sigset_t signals;
        sigemptyset(&signals);
        for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&signals, signal);
        pthread_sigmask(SIG_BLOCK, &signals, &before_);
    }
    ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;

  private:
    sigset_t before_{};
};

} // namespace

class DissectAhead::Impl {
  public:
    Impl(PacketSource &source, DissectOptions options, unsigned threads, std::optional<std::uint64_t> limit)
        : source_(source), options_(options), limit_(limit) {
        threads = std::max(threads, 1U);
        places_.resize(std::size_t{threads} * batches_per_thread);
        for (Place &place : places_) free_.push_back(&place);
        for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
        blocked_.emplace();
    }

    ~Impl() {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        freed_.notify_all();
        source_.wake();
        for (std::thread &thread : threads_) thread.join();
    }

    ReadAhead &next() {
        std::unique_lock lock(mutex_);
        if (shown_ != nullptr) {
            if (shown_->ahead.at_end || shown_->ahead.error) return shown_->ahead;
            shown_->clear();
            free_.push_back(shown_);
            if (free_.size() >= places_.size() / 2) freed_.notify_one();
        }
        const auto is_there = [this] { return !ready_.empty() && ready_.begin()->first == wanted_; };
        if (!is_there()) done_.wait(lock, [&] { return is_there() && is_enough(); });
        shown_ = ready_.begin()->second;
        ready_.erase(ready_.begin());
        ++wanted_;
        return shown_->ahead;
    }

  private:
    void work() {
        while (true) {
            std::unique_lock reading(reading_);
            Place *place = free_place();
            if (place == nullptr) return;
            const std::uint64_t number = read_++;
            read(*place);
            reading.unlock();
            place->ahead.batch.dissect(place->ahead.packets, options_);
            {
                const std::lock_guard lock(mutex_);
                ready_.emplace(number, place);
                if (place->is_last_for_now) last_for_now_ = std::max(last_for_now_.value_or(0), number);
                if (!is_enough()) continue;
            }
            done_.notify_one();
        }
    }

    // Is it worth while to wake who waits for what is ready?
    [[nodiscard]] bool is_enough() const {
        return ready_.size() >= places_.size() / 4 || (last_for_now_ && *last_for_now_ >= wanted_);
    }

    // Waits for one; none if there is nothing more to do.
    Place *free_place() {
        std::unique_lock lock(mutex_);
        const auto is_over = [this] { return stopping_ || ended_; };
        if (free_.empty()) freed_.wait(lock, [&] { return is_over() || free_.size() >= places_.size() / 2; });
        if (is_over()) return nullptr;
        Place *place = free_.front();
        free_.pop_front();
        return place;
    }

    // A whole batch, or what there is before the source has to wait.
    void read(Place &place) {
        ReadAhead &ahead = place.ahead;
        while (ahead.packets.size() < packets_per_batch && !ahead.at_end && !ahead.error) {
            const auto packets = source_.read(longest_read);
            if (packets) {
                place.add(packets->packets, source_.bytes_stay());
                ahead.at_end = packets->at_end;
            } else {
                ahead.error = packets.error();
            }
            if (packets) packets_read_ += packets->packets.size();
            if (limit_ && packets_read_ >= *limit_) {
                ahead.packets.resize(ahead.packets.size() - static_cast<std::size_t>(packets_read_ - *limit_));
                ahead.at_end = true;
            }
            place.is_last_for_now = !packets || !packets->more_at_hand || ahead.at_end;
            if (place.is_last_for_now) break;
        }
        if (source_.interfaces().size() > interfaces_seen_) {
            ahead.interfaces = source_.interfaces();
            interfaces_seen_ = source_.interfaces().size();
        }
        if (!ahead.at_end && !ahead.error) return;
        {
            const std::lock_guard lock(mutex_);
            ended_ = true;
        }
        freed_.notify_all();
    }

    PacketSource &source_;
    DissectOptions options_;
    std::optional<std::uint64_t> limit_;
    std::vector<Place> places_;

    // Held by the thread that reads; the members behind it are its own.
    std::mutex reading_;
    std::uint64_t read_ = 0;
    std::uint64_t packets_read_ = 0;
    std::size_t interfaces_seen_ = 0;

    std::mutex mutex_;
    std::condition_variable freed_;
    std::condition_variable done_;
    std::deque<Place *> free_;
    std::map<std::uint64_t, Place *> ready_;
    std::uint64_t wanted_ = 0;
    std::optional<std::uint64_t> last_for_now_; // of what is or was ready
    Place *shown_ = nullptr;
    bool stopping_ = false;
    bool ended_ = false;
    std::vector<std::thread> threads_;
    std::optional<SignalsBlocked> blocked_;
};

DissectAhead::DissectAhead(PacketSource &source, DissectOptions options, unsigned threads,
                           std::optional<std::uint64_t> limit)
    : impl_(std::make_unique<Impl>(source, options, threads, limit)) {}
DissectAhead::~DissectAhead() = default;

ReadAhead &DissectAhead::next() { return impl_->next(); }

} // namespace doorplate
