// What the BPF programs write and doorplate reads: one header for both, so plain C with fixed sizes. Both run on the
// same machine, so numbers are in its byte order; addresses are as on the wire.
#ifndef DOORPLATE_KERNEL_EVENT_H
#define DOORPLATE_KERNEL_EVENT_H

#include <linux/types.h>

// Why a socket event was sent. The values are also the numbers of the counters of lost ones.
enum doorplate_kind {
    DOORPLATE_CONNECTED, // this process opens a connection; its SYN comes next
    DOORPLATE_LISTENING,
    DOORPLATE_ACCEPTED, // a connection came in; the process is whoever made the listener
    DOORPLATE_HANDLED,  // another process or, after an accept, the first one, reads or writes
    DOORPLATE_BOUND,    // UDP: bind()
    DOORPLATE_SENT,     // UDP: to a new peer
    DOORPLATE_RECEIVED, // UDP: from a new peer; the process is whoever was last seen to use the socket
    DOORPLATE_CLOSED,
    DOORPLATE_HELD, // found by an iterator: the socket was there before
    DOORPLATE_EXECUTED,
    DOORPLATE_FORKED,
    DOORPLATE_EXITED,
    DOORPLATE_KINDS
};

enum {
    DOORPLATE_THREAD_BYTES = 16,
    DOORPLATE_PATH_BYTES = 1024,
    DOORPLATE_ARGUMENT_BYTES = 2048,
};

// doorplate_socket_event::flags
enum {
    DOORPLATE_IPV6_ONLY = 1,
    // The program asked for this very port (SOCK_BINDPORT_LOCK); else the kernel chose it.
    DOORPLATE_PORT_ASKED_FOR = 2,
};

struct doorplate_socket_event {
    __u64 time; // CLOCK_MONOTONIC, ns
    __u64 cookie;
    __u64 inode;
    __u64 start; // of the process: ns after boot, suspended time included
    __u32 netns; // inode number
    __u32 pid;   // as the host's first process namespace counts; 0: nobody known
    __u32 tid;
    __u32 uid; // of the process, effective
    __u32 gid;
    __u32 socket_uid;
    __u32 interface_index;
    __u16 local_port;
    __u16 remote_port;
    __u8 local[16]; // IPv4 in the first four
    __u8 remote[16];
    __u8 kind;
    __u8 family; // 4 or 6
    __u8 protocol;
    __u8 state;
    __u8 flags;
    __u8 unused[3];
    char thread[DOORPLATE_THREAD_BYTES];
};

// doorplate_process_event::flags
enum {
    DOORPLATE_PATH_CUT = 1,
    DOORPLATE_ARGUMENTS_CUT = 2,
    DOORPLATE_DELETED = 4, // the program's file has no name any more
};

// The head of an event about a process. Of an executed one the path and the arguments follow, without gap.
struct doorplate_process_event {
    __u64 time;
    __u64 start;
    __u64 parent_start;
    __u64 cgroup;
    __u32 pid;
    __u32 parent_pid;
    __u32 uid;
    __u32 gid;
    __u32 netns;
    __u16 path_bytes;     // names from the file up to the root, each ended by NUL
    __u16 argument_bytes; // each ended by NUL, the last one perhaps not
    __u8 kind;
    __u8 flags;
    __u8 unused[6];
    char name[DOORPLATE_THREAD_BYTES];
};

#endif
