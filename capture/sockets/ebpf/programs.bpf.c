// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
//
// The kernel's side: says who opens, accepts, uses and closes sockets, at the moment when it happens, and which program
// each process runs. Watches only: no packet and no call is ever held up or changed.
//
// Owners are kept with their sockets (socket storage), so they are there when a packet comes in, when an event was lost,
// and in a connection that a listener's socket brings forth (BPF_F_CLONE).

#include <linux/bpf.h>

#include "capture/sockets/ebpf/kernel_event.h"
#include "capture/sockets/ebpf/kernel_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char licence[] SEC("license") = "Dual BSD/GPL"; // the words by which the kernel knows it

enum {
    ALLOW = 1,
    FAMILY_IPV4 = 2,
    FAMILY_IPV6 = 10,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    KERNEL_THREAD = 0x00200000, // PF_KTHREAD
    BIND_PORT_LOCK = 8,         // SOCK_BINDPORT_LOCK
    STATE_CLOSE = 7,
    MOST_NAMES = 24, // of a path
    NAME_BYTES = 256,
};

struct process {
    __u64 start;
    __u32 pid;
    __u32 tid;
    __u32 uid;
    __u32 gid;
    char thread[DOORPLATE_THREAD_BYTES];
};

struct peer {
    __u8 address[16];
    __u16 port;
    __u16 direction; // a kind
    __u32 pid;
};

// What is remembered of a socket.
struct owner {
    __u64 time; // when it became known
    struct process process;
    // A connection that came in has not been used yet; `process` is its listener's.
    __u8 provisional;
    // User space knows of it.
    __u8 announced;
    __u8 listening;
    __u8 unused[5];
    // The last ones that were announced (UDP).
    struct peer sent;
    struct peer received;
};

struct {
    __uint(type, BPF_MAP_TYPE_SK_STORAGE);
    __uint(map_flags, BPF_F_NO_PREALLOC | BPF_F_CLONE);
    __type(key, int);
    __type(value, struct owner);
} owners SEC(".maps");

struct peer_key {
    __u64 cookie;
    struct peer peer;
};

// Peers that were announced, so that a socket that speaks with several in turn does not make an event of each packet.
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 16384);
    __type(key, struct peer_key);
    __type(value, __u8);
} peers SEC(".maps");

// Two rings, as events of processes are large and would crowd out the others. Their size is set by the loader.
struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} socket_events SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 1 << 16);
} process_events SEC(".maps");

// How many events of each kind found no room. User space has it in its memory.
__u64 lost[DOORPLATE_KINDS];

struct executed {
    struct doorplate_process_event head;
    // Twice the room, so that the verifier sees that a masked offset and a masked length stay inside.
    char text[2 * (DOORPLATE_PATH_BYTES + DOORPLATE_ARGUMENT_BYTES)];
};

// An executed program's event is put together here: it does not fit the stack.
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct executed);
} scratch SEC(".maps");

static __always_inline void count_lost(__u32 kind) {
    if (kind < DOORPLATE_KINDS) __sync_fetch_and_add(&lost[kind], 1);
}

// The address in a pointer that the verifier guards: sockets in a network program's context may only be read through
// helpers that do not show all of them, but their memory may be probed.
static __always_inline struct sock *probed(const void *guarded) {
    const void *slot = guarded;
    __u64 address = 0;
    bpf_probe_read_kernel(&address, sizeof(address), &slot);
    return (struct sock *)address;
}

static __always_inline struct task_struct *current_task(void) { return (struct task_struct *)bpf_get_current_task(); }

static __always_inline void read_process(struct process *process, struct task_struct *task) {
    process->pid = BPF_CORE_READ(task, tgid);
    process->tid = BPF_CORE_READ(task, pid);
    process->start = BPF_CORE_READ(task, group_leader, start_boottime);
    process->uid = BPF_CORE_READ(task, cred, euid.val);
    process->gid = BPF_CORE_READ(task, cred, egid.val);
    bpf_core_read(process->thread, sizeof(process->thread), &task->comm);
}

// False: the kernel itself is at work, and whoever it interrupted has nothing to do with it.
static __always_inline int is_program(struct task_struct *task) {
    return BPF_CORE_READ(task, tgid) != 0 && !(BPF_CORE_READ(task, flags) & KERNEL_THREAD);
}

// The kernel's own sockets (tunnels, network file systems) have no file; those with user data are in the hands of a part
// of the kernel, which may use them while anybody is running.
static __always_inline int is_used_by_programs(struct sock *sk) {
    return BPF_CORE_READ(sk, sk_socket, file) != 0 && BPF_CORE_READ(sk, sk_user_data) == 0;
}

static __always_inline struct doorplate_socket_event *reserve(__u32 kind) {
    struct doorplate_socket_event *event = bpf_ringbuf_reserve(&socket_events, sizeof(*event), 0);
    if (!event) {
        count_lost(kind);
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event));
    event->kind = (__u8)kind;
    event->time = bpf_ktime_get_ns();
    return event;
}

// Nobody is woken: user space comes by itself, when a packet makes it curious or some milliseconds have passed.
static __always_inline void submit(struct doorplate_socket_event *event) {
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

static __always_inline void write_process(struct doorplate_socket_event *event, const struct process *process) {
    event->start = process->start;
    event->pid = process->pid;
    event->tid = process->tid;
    event->uid = process->uid;
    event->gid = process->gid;
    __builtin_memcpy(event->thread, process->thread, sizeof(event->thread));
}

static __always_inline void write_socket(struct doorplate_socket_event *event, struct sock *sk) {
    event->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
    event->inode = BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
    event->socket_uid = BPF_CORE_READ(sk, sk_uid.val);
    event->interface_index = (__u32)BPF_CORE_READ(sk, __sk_common.skc_bound_dev_if);
    event->protocol = (__u8)BPF_CORE_READ(sk, sk_protocol);
    event->state = BPF_CORE_READ(sk, __sk_common.skc_state);
    event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
    event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
    if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & BIND_PORT_LOCK) event->flags |= DOORPLATE_PORT_ASKED_FOR;
    if (BPF_CORE_READ(sk, __sk_common.skc_family) == FAMILY_IPV6) {
        event->family = 6;
        if (BPF_CORE_READ_BITFIELD_PROBED(&sk->__sk_common, skc_ipv6only)) event->flags |= DOORPLATE_IPV6_ONLY;
        bpf_core_read(event->local, 16, &sk->__sk_common.skc_v6_rcv_saddr);
        bpf_core_read(event->remote, 16, &sk->__sk_common.skc_v6_daddr);
    } else {
        event->family = 4;
        bpf_core_read(event->local, 4, &sk->__sk_common.skc_rcv_saddr);
        bpf_core_read(event->remote, 4, &sk->__sk_common.skc_daddr);
    }
}

// TCP: connections and listeners.

// The process that runs now becomes the owner, if it is one that can be. An event about it is written from `process`:
// another processor may be about to change the owner.
static __always_inline int take(struct owner *owner, struct sock *sk, struct process *process) {
    struct task_struct *task = current_task();
    if (!is_program(task) || !is_used_by_programs(sk)) return 0;
    read_process(process, task);
    owner->process = *process;
    owner->time = bpf_ktime_get_ns();
    owner->provisional = 0;
    return 1;
}

static __always_inline void announce(struct bpf_sock_ops *ops, struct owner *owner, struct sock *sk, __u32 kind,
                                     const struct process *process) {
    struct doorplate_socket_event *event = reserve(kind);
    if (!event) return;
    write_socket(event, sk);
    write_process(event, process);
    event->cookie = bpf_get_socket_cookie(ops);
    owner->announced = 1;
    submit(event);
}

SEC("sockops")
int watch_tcp(struct bpf_sock_ops *ops) {
    const __u32 op = ops->op;
    if (op != BPF_SOCK_OPS_TCP_CONNECT_CB && op != BPF_SOCK_OPS_TCP_LISTEN_CB &&
        op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB)
        return ALLOW;
    struct bpf_sock *guarded = ops->sk;
    if (!guarded) return ALLOW;
    struct sock *sk = probed(guarded);
    struct owner *owner = 0;
    if (op == BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB) {
        // The listener's, copied. Without it nobody is known; who uses the connection will be.
        owner = bpf_sk_storage_get(&owners, guarded, 0, 0);
        if (!owner) return ALLOW;
        owner->time = bpf_ktime_get_ns();
        owner->provisional = 1;
        owner->announced = 0;
        owner->listening = 0;
        announce(ops, owner, sk, DOORPLATE_ACCEPTED, &owner->process);
        return ALLOW;
    }
    owner = bpf_sk_storage_get(&owners, guarded, 0, BPF_SK_STORAGE_GET_F_CREATE);
    struct process process = {};
    if (!owner || !take(owner, sk, &process)) return ALLOW;
    owner->listening = op == BPF_SOCK_OPS_TCP_LISTEN_CB;
    announce(ops, owner, sk, owner->listening ? DOORPLATE_LISTENING : DOORPLATE_CONNECTED, &process);
    return ALLOW;
}

// Somebody reads or writes: the one who accepted it, or to whom it was handed on.
static __always_inline int use(struct sock *sk) {
    if (sk->sk_protocol != PROTOCOL_TCP) return 0;
    struct owner *owner = bpf_sk_storage_get(&owners, sk, 0, 0);
    const __u32 pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
    if (owner && !owner->provisional && owner->announced && owner->process.pid == pid) return 0;
    if (!owner) owner = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
    struct process process = {};
    if (!owner || !take(owner, sk, &process)) return 0;
    owner->announced = 0; // should there be no room, the next use tries again
    struct doorplate_socket_event *event = reserve(DOORPLATE_HANDLED);
    if (!event) return 0;
    write_socket(event, sk);
    write_process(event, &process);
    event->cookie = bpf_get_socket_cookie(sk);
    owner->announced = 1;
    submit(event);
    return 0;
}

SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(watch_tcp_reads, struct sock *sk) { return use(sk); }

SEC("tp_btf/sock_send_length")
int BPF_PROG(watch_sends, struct sock *sk, int ret, int flags) { return use(sk); }

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(watch_tcp_closes, struct sock *sk, int oldstate, int newstate) {
    if (newstate != STATE_CLOSE || sk->sk_protocol != PROTOCOL_TCP) return 0;
    struct owner *owner = bpf_sk_storage_get(&owners, sk, 0, 0);
    if (!owner || !owner->announced) return 0;
    struct doorplate_socket_event *event = reserve(DOORPLATE_CLOSED);
    if (!event) return 0;
    write_socket(event, sk);
    event->cookie = bpf_get_socket_cookie(sk);
    owner->announced = 0;
    submit(event);
    return 0;
}

// UDP: every datagram passes here, so the way of one that is no news is short.

static __always_inline int is_same_peer(const struct peer *a, const struct peer *b) {
    const __u64 *x = (const __u64 *)a;
    const __u64 *y = (const __u64 *)b;
    return x[0] == y[0] && x[1] == y[1] && x[2] == y[2];
}

struct ends {
    __u8 local[16];
    __u8 remote[16];
    __u16 local_port;
    __u16 remote_port;
    __u8 family;
};

struct udp_ports {
    __be16 source;
    __be16 destination;
};

// Later fragments and datagrams behind extension headers are left to the socket table.
static __always_inline int read_ends(struct __sk_buff *skb, struct ends *ends, int outbound) {
    __u8 first = 0;
    __u32 offset = 0;
    struct udp_ports ports;
    if (bpf_skb_load_bytes(skb, 0, &first, 1)) return 0;
    if (first >> 4 == 4) {
        __u8 header[20];
        if (bpf_skb_load_bytes(skb, 0, header, sizeof(header))) return 0;
        if (header[9] != PROTOCOL_UDP || (header[6] & 0x1f) || header[7]) return 0;
        offset = (first & 15U) * 4;
        ends->family = 4;
        __builtin_memcpy(outbound ? ends->local : ends->remote, header + 12, 4);
        __builtin_memcpy(outbound ? ends->remote : ends->local, header + 16, 4);
    } else {
        __u8 header[40];
        if (first >> 4 != 6 || bpf_skb_load_bytes(skb, 0, header, sizeof(header))) return 0;
        if (header[6] != PROTOCOL_UDP) return 0;
        offset = sizeof(header);
        ends->family = 6;
        __builtin_memcpy(outbound ? ends->local : ends->remote, header + 8, 16);
        __builtin_memcpy(outbound ? ends->remote : ends->local, header + 24, 16);
    }
    if (bpf_skb_load_bytes(skb, offset, &ports, sizeof(ports))) return 0;
    ends->local_port = bpf_ntohs(outbound ? ports.source : ports.destination);
    ends->remote_port = bpf_ntohs(outbound ? ports.destination : ports.source);
    return 1;
}

static __always_inline void announce_datagram(struct __sk_buff *skb, struct bpf_sock *guarded, struct owner *owner,
                                              const struct process *process, const struct ends *ends,
                                              struct peer *last, const struct peer *peer) {
    struct peer_key key = {.cookie = bpf_get_socket_cookie(skb), .peer = *peer};
    if (bpf_map_lookup_elem(&peers, &key)) return;
    struct doorplate_socket_event *event = reserve(peer->direction);
    if (!event) return; // the next datagram tries again
    write_socket(event, probed(guarded));
    write_process(event, process);
    event->cookie = key.cookie;
    event->family = ends->family;
    event->local_port = ends->local_port;
    event->remote_port = ends->remote_port;
    __builtin_memcpy(event->local, ends->local, 16);
    __builtin_memcpy(event->remote, ends->remote, 16);
    submit(event);
    const __u8 one = 1;
    bpf_map_update_elem(&peers, &key, &one, BPF_ANY);
    *last = *peer;
    owner->announced = 1;
}

SEC("cgroup_skb/egress")
int watch_udp_out(struct __sk_buff *skb) {
    struct bpf_sock *guarded = skb->sk;
    if (!guarded) return ALLOW;
    guarded = bpf_sk_fullsock(guarded);
    if (!guarded || guarded->protocol != PROTOCOL_UDP) return ALLOW;
    struct ends ends = {};
    if (!read_ends(skb, &ends, 1)) return ALLOW;
    struct peer peer = {.port = ends.remote_port, .direction = DOORPLATE_SENT};
    __builtin_memcpy(peer.address, ends.remote, sizeof(peer.address));
    peer.pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
    struct owner *owner = bpf_sk_storage_get(&owners, guarded, 0, BPF_SK_STORAGE_GET_F_CREATE);
    if (!owner || (is_same_peer(&owner->sent, &peer) && owner->process.pid == peer.pid)) return ALLOW;
    struct process process = {};
    if (!take(owner, probed(guarded), &process)) return ALLOW;
    announce_datagram(skb, guarded, owner, &process, &ends, &owner->sent, &peer);
    return ALLOW;
}

SEC("cgroup_skb/ingress")
int watch_udp_in(struct __sk_buff *skb) {
    struct bpf_sock *guarded = skb->sk;
    if (!guarded) return ALLOW;
    guarded = bpf_sk_fullsock(guarded);
    if (!guarded || guarded->protocol != PROTOCOL_UDP) return ALLOW;
    struct owner *owner = bpf_sk_storage_get(&owners, guarded, 0, 0);
    if (!owner || owner->process.pid == 0) return ALLOW;
    struct ends ends = {};
    if (!read_ends(skb, &ends, 0)) return ALLOW;
    struct peer peer = {.port = ends.remote_port, .direction = DOORPLATE_RECEIVED, .pid = owner->process.pid};
    __builtin_memcpy(peer.address, ends.remote, sizeof(peer.address));
    // The answer of somebody to whom we sent says nothing new.
    if (is_same_peer(&owner->received, &peer)) return ALLOW;
    announce_datagram(skb, guarded, owner, &owner->process, &ends, &owner->received, &peer);
    return ALLOW;
}

static __always_inline int bound(struct bpf_sock *guarded) {
    if (guarded->protocol != PROTOCOL_UDP) return ALLOW;
    struct owner *owner = bpf_sk_storage_get(&owners, guarded, 0, BPF_SK_STORAGE_GET_F_CREATE);
    struct sock *sk = probed(guarded);
    struct process process = {};
    if (!owner || !take(owner, sk, &process)) return ALLOW;
    struct doorplate_socket_event *event = reserve(DOORPLATE_BOUND);
    if (!event) return ALLOW;
    write_socket(event, sk);
    write_process(event, &process);
    event->cookie = bpf_get_socket_cookie(guarded);
    owner->announced = 1;
    submit(event);
    return ALLOW;
}

SEC("cgroup/post_bind4")
int watch_udp_binds4(struct bpf_sock *sk) { return bound(sk); }

SEC("cgroup/post_bind6")
int watch_udp_binds6(struct bpf_sock *sk) { return bound(sk); }

SEC("cgroup/sock_release")
int watch_udp_closes(struct bpf_sock *guarded) {
    if (guarded->protocol != PROTOCOL_UDP) return ALLOW;
    struct owner *owner = bpf_sk_storage_get(&owners, guarded, 0, 0);
    if (!owner || !owner->announced) return ALLOW;
    struct doorplate_socket_event *event = reserve(DOORPLATE_CLOSED);
    if (!event) return ALLOW;
    write_socket(event, probed(guarded));
    event->cookie = bpf_get_socket_cookie(guarded);
    owner->announced = 0;
    submit(event);
    return ALLOW;
}

// Processes.

static __always_inline void write_task(struct doorplate_process_event *event, struct task_struct *task, __u32 kind) {
    event->kind = (__u8)kind;
    event->time = bpf_ktime_get_ns();
    event->pid = BPF_CORE_READ(task, tgid);
    event->start = BPF_CORE_READ(task, group_leader, start_boottime);
    event->uid = BPF_CORE_READ(task, cred, euid.val);
    event->gid = BPF_CORE_READ(task, cred, egid.val);
    event->netns = BPF_CORE_READ(task, nsproxy, net_ns, ns.inum);
    bpf_core_read(event->name, sizeof(event->name), &task->comm);
}

static __always_inline void write_parent(struct doorplate_process_event *event, struct task_struct *parent) {
    event->parent_pid = BPF_CORE_READ(parent, tgid);
    event->parent_start = BPF_CORE_READ(parent, group_leader, start_boottime);
}

// Names from the file up to the root of its mount namespace, each ended by NUL. Returns their length.
static __always_inline __u32 write_path(struct executed *executed, struct task_struct *task) {
    struct file *file = BPF_CORE_READ(task, mm, exe_file);
    if (!file) return 0;
    struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
    struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
    struct mount *mount = (struct mount *)((char *)vfsmount - bpf_core_field_offset(struct mount, mnt));
    if (!BPF_CORE_READ(dentry, d_hash.pprev)) executed->head.flags |= DOORPLATE_DELETED;
    __u32 length = 0;
    for (int i = 0; i < 2 * MOST_NAMES; ++i) {
        struct dentry *root = BPF_CORE_READ(mount, mnt.mnt_root);
        struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
        if (dentry == root || dentry == parent) {
            struct mount *above = BPF_CORE_READ(mount, mnt_parent);
            if (above == mount && length > 0) return length;
            // A file without a directory (memfd) is named by itself.
            if (above != mount) {
                dentry = BPF_CORE_READ(mount, mnt_mountpoint);
                mount = above;
                continue;
            }
        }
        if (length + NAME_BYTES > DOORPLATE_PATH_BYTES) break;
        const unsigned char *name = BPF_CORE_READ(dentry, d_name.name);
        const long written =
            bpf_probe_read_kernel_str(executed->text + (length & (DOORPLATE_PATH_BYTES - 1)), NAME_BYTES, name);
        if (written <= 0) break;
        length += (__u32)written & (2 * NAME_BYTES - 1);
        if (dentry == parent) return length;
        dentry = parent;
    }
    executed->head.flags |= DOORPLATE_PATH_CUT;
    return length;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(watch_execs, struct task_struct *task, int old_pid, struct linux_binprm *bprm) {
    const __u32 zero = 0;
    struct executed *executed = bpf_map_lookup_elem(&scratch, &zero);
    if (!executed) return 0;
    __builtin_memset(&executed->head, 0, sizeof(executed->head));
    write_task(&executed->head, task, DOORPLATE_EXECUTED);
    write_parent(&executed->head, BPF_CORE_READ(task, real_parent));
    executed->head.cgroup = bpf_get_current_cgroup_id();

    __u32 path = write_path(executed, task);
    barrier_var(path);
    if (path > DOORPLATE_PATH_BYTES) path = DOORPLATE_PATH_BYTES;
    const unsigned long begin = BPF_CORE_READ(task, mm, arg_start);
    const unsigned long end = BPF_CORE_READ(task, mm, arg_end);
    __u64 arguments = end > begin ? end - begin : 0;
    if (arguments > DOORPLATE_ARGUMENT_BYTES) {
        arguments = DOORPLATE_ARGUMENT_BYTES;
        executed->head.flags |= DOORPLATE_ARGUMENTS_CUT;
    }
    barrier_var(arguments);
    if (arguments > DOORPLATE_ARGUMENT_BYTES) return 0;
    // Only memory that is there can be read: the last arguments' page may have been paged out, though hardly ever now.
    if (arguments > 0 && bpf_probe_read_user(executed->text + path, (__u32)arguments, (const void *)begin)) {
        arguments = 0;
        executed->head.flags |= DOORPLATE_ARGUMENTS_CUT;
    }
    executed->head.path_bytes = (__u16)path;
    executed->head.argument_bytes = (__u16)arguments;
    __u64 size = sizeof(executed->head) + path + arguments;
    barrier_var(size);
    if (size > sizeof(executed->head) + DOORPLATE_PATH_BYTES + DOORPLATE_ARGUMENT_BYTES) return 0;
    if (bpf_ringbuf_output(&process_events, executed, size, BPF_RB_NO_WAKEUP)) count_lost(DOORPLATE_EXECUTED);
    return 0;
}

static __always_inline struct doorplate_process_event *reserve_process(struct task_struct *task, __u32 kind) {
    struct doorplate_process_event *event = bpf_ringbuf_reserve(&process_events, sizeof(*event), 0);
    if (!event) {
        count_lost(kind);
        return 0;
    }
    __builtin_memset(event, 0, sizeof(*event));
    write_task(event, task, kind);
    return event;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(watch_forks, struct task_struct *parent, struct task_struct *child) {
    if (BPF_CORE_READ(child, pid) != BPF_CORE_READ(child, tgid)) return 0; // a thread
    struct doorplate_process_event *event = reserve_process(child, DOORPLATE_FORKED);
    if (!event) return 0;
    write_parent(event, parent);
    bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(watch_exits, struct task_struct *task) {
    if (BPF_CORE_READ(task, signal, live.counter) != 0) return 0; // other threads go on
    struct doorplate_process_event *event = reserve_process(task, DOORPLATE_EXITED);
    if (event) bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
    return 0;
}

// Read once at the start, and again after a loss: not events, but their state.

static __always_inline void show(struct seq_file *seq, struct sock *sk, const struct owner *owner, __u64 cookie) {
    struct doorplate_socket_event event = {};
    event.kind = DOORPLATE_HELD;
    event.time = owner->time;
    event.cookie = cookie;
    write_socket(&event, sk);
    write_process(&event, &owner->process);
    bpf_seq_write(seq, &event, sizeof(event));
}

SEC("iter/task_file")
int list_files(struct bpf_iter__task_file *context) {
    struct task_struct *task = context->task;
    struct file *file = context->file;
    if (!task || !file) return 0;
    struct socket *socket = bpf_sock_from_file(file);
    if (!socket) return 0;
    struct sock *sk = socket->sk;
    if (!sk) return 0;
    const __u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
    const __u16 protocol = BPF_CORE_READ(sk, sk_protocol);
    if (family != FAMILY_IPV4 && family != FAMILY_IPV6) return 0;
    if (protocol != PROTOCOL_TCP && protocol != PROTOCOL_UDP) return 0;
    if (!is_program(task)) return 0;
    // The owner whom an event named is better than any of those who have it.
    struct owner *owner = bpf_sk_storage_get(&owners, sk, 0, 0);
    if (!owner) {
        owner = bpf_sk_storage_get(&owners, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
        if (!owner) return 0;
        read_process(&owner->process, task);
        owner->time = bpf_ktime_get_ns();
        owner->announced = 1;
    }
    show(context->meta->seq, sk, owner, bpf_get_socket_cookie(sk));
    return 0;
}

SEC("iter/bpf_sk_storage_map")
int list_owners(struct bpf_iter__bpf_sk_storage_map *context) {
    struct sock *sk = context->sk;
    struct owner *owner = context->value;
    if (!sk || !owner || owner->process.pid == 0) return 0;
    owner->announced = 1;
    show(context->meta->seq, sk, owner, bpf_get_socket_cookie(sk));
    return 0;
}
