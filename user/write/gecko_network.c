// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/* Waits for sockets, as the Firefox Profiler shows what its browser loads. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>

#include "write/gecko_network.h"

#define TACH_END_SZ (INET6_ADDRSTRLEN + sizeof("[]:65535")) /* of an address with its port */

static const char *const names[TACH_CALL__CNT] = {
	[TACH_CALL_NONE] = "wait",   [TACH_CALL_CONNECT] = "connect", [TACH_CALL_ACCEPT] = "accept",
	[TACH_CALL_RECV] = "recv",   [TACH_CALL_SEND] = "send",	      [TACH_CALL_POLL] = "poll",
	[TACH_CALL_EPOLL] = "epoll",
};

const char *tach_gecko__call_name(const struct tach_call *call)
{
	return names[call->kind < TACH_CALL__CNT ? call->kind : TACH_CALL_NONE];
}

static const char *scheme_of(const struct tach_call *call)
{
	if (call->kind == TACH_CALL_EPOLL)
		return "epoll";
	if (call->family == AF_UNIX)
		return "unix";
	if (call->family != AF_INET && call->family != AF_INET6)
		return "socket";
	return call->type == SOCK_STREAM ? "tcp" : call->type == SOCK_DGRAM ? "udp" : "ip";
}

static bool has_ports(const struct tach_call *call)
{
	return call->family != AF_UNIX && (call->local_port || call->peer_port);
}

static void put_end(char end[TACH_END_SZ], const struct tach_call *call, const __u8 addr[16],
		    __u16 port)
{
	char text[INET6_ADDRSTRLEN] = "";
	bool v6 = call->family == AF_INET6;

	inet_ntop(call->family, addr, text, sizeof(text));
	snprintf(end, TACH_END_SZ, "%s%s%s:%u", v6 ? "[" : "", text, v6 ? "]" : "", port);
}

/* A name as it is where it is plain, and its other bytes as in any URL; the 0 of an abstract one as ss(8) shows it. */
static char *put_path(char *at, const struct tach_call *call)
{
	for (__u32 i = 0; i < call->path_sz && (!i || call->path[i] || !call->path[0]); i++) {
		__u8 byte = call->path[i];

		if (!i && !byte)
			*at++ = '@';
		else if (byte > ' ' && byte < 0x7f && byte != '%')
			*at++ = (char)byte;
		else
			at += sprintf(at, "%%%02X", byte);
	}
	return at;
}

void tach_gecko__url(const struct tach_call *call, char url[TACH_URL_SZ])
{
	bool peer = call->peer_port;
	char end[TACH_END_SZ];
	int sz = snprintf(url, TACH_URL_SZ, "%s:", scheme_of(call));

	if (call->family == AF_UNIX) {
		*put_path(url + sz, call) = '\0';
	} else if (has_ports(call)) {
		put_end(end, call, peer ? call->ends.peer : call->ends.local,
			peer ? call->peer_port : call->local_port);
		snprintf(url + sz, TACH_URL_SZ - (size_t)sz, "//%s", end);
	}
}

static void write_end(struct tach_json *json, const char *key, const struct tach_call *call,
		      const __u8 addr[16], __u16 port)
{
	char end[TACH_END_SZ];

	if (!port)
		return;
	put_end(end, call, addr, port);
	tach_json__key(json, key);
	tach_json__str(json, end);
}

void tach_gecko__write_network(struct tach_json *json, const struct tach_call *call, __u64 id,
			       bool first, __u64 begin_us, __u64 end_us)
{
	char url[TACH_URL_SZ];

	tach_gecko__url(call, url);
	tach_json__open(json, '{');
	tach_json__raw(json, first ? "\"type\":\"Network\",\"pri\":0,\"status\":\"STATUS_START\""
				   : "\"type\":\"Network\",\"pri\":0,\"status\":\"STATUS_STOP\"");
	tach_json__key(json, "id");
	tach_json__int(json, (__s64)id);
	tach_json__key(json, "URI");
	tach_json__str(json, url);
	tach_json__key(json, "startTime");
	tach_json__fixed(json, begin_us, 3);
	tach_json__key(json, "endTime");
	tach_json__fixed(json, end_us, 3);
	tach_json__key(json, "call");
	tach_json__str(json, tach_gecko__call_name(call));
	tach_json__key(json, "fd");
	tach_json__int(json, call->fd);
	if (has_ports(call)) {
		write_end(json, "local", call, call->ends.local, call->local_port);
		write_end(json, "peer", call, call->ends.peer, call->peer_port);
	}
	tach_json__close(json, '}');
}
