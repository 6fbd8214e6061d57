/* SPDX-License-Identifier: ISC */
/* Needs: src/os/utun_frame.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/os/utun_frame.h"

/* The system's end of a utun, and ours: both keep records apart. */
struct ends {
	int system, ours;
};

static const uint8_t ipv4[28] = { 0x45, 0, 0, 28 };
static const uint8_t ipv6[40] = { 0x60 };

static int
open_ends(void **state)
{
	static struct ends e;
	int fd[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) < 0)
		return -1;
	e.system = fd[0];
	e.ours = fd[1];
	*state = &e;
	return 0;
}

static int
close_ends(void **state)
{
	struct ends *e = *state;

	close(e->system);
	close(e->ours);
	return 0;
}

/* The system sends the family and then a packet's bytes, as one record. */
static void
send_record(struct ends *e, const void *family, const void *packet, size_t len)
{
	uint8_t record[64];

	memcpy(record, family, UTUN_FRAME_HEADER);
	memcpy(record + UTUN_FRAME_HEADER, packet, len);
	assert_int_equal(send(e->system, record, UTUN_FRAME_HEADER + len, 0),
	    UTUN_FRAME_HEADER + len);
}

static int
read_one(struct ends *e, size_t *ret_len)
{
	uint8_t data[64];

	*ret_len = 0;
	return utun_frame_read(e->ours, data, sizeof(data), ret_len);
}

static void
a_written_packet_follows_its_family_in_macos_numbers(void **state)
{
	struct ends *e = *state;
	uint8_t raw[64];

	assert_int_equal(utun_frame_write(e->ours, ipv4, sizeof(ipv4)), 0);
	assert_int_equal(recv(e->system, raw, sizeof(raw), 0), 32);
	assert_memory_equal(raw, "\0\0\0\2", 4);
	assert_memory_equal(raw + 4, ipv4, sizeof(ipv4));

	assert_int_equal(utun_frame_write(e->ours, ipv6, sizeof(ipv6)), 0);
	assert_int_equal(recv(e->system, raw, sizeof(raw), 0), 44);
	assert_memory_equal(raw, "\0\0\0\36", 4);
	assert_memory_equal(raw + 4, ipv6, sizeof(ipv6));
}

static void
a_read_packet_comes_without_its_family(void **state)
{
	struct ends *e = *state;
	uint8_t data[64];
	size_t len = 0;

	send_record(e, "\0\0\0\2", ipv4, sizeof(ipv4));
	assert_int_equal(utun_frame_read(e->ours, data, sizeof(data), &len), 0);
	assert_int_equal(len, sizeof(ipv4));
	assert_memory_equal(data, ipv4, sizeof(ipv4));
}

static void
two_packets_stay_two(void **state)
{
	struct ends *e = *state;
	size_t len;

	send_record(e, "\0\0\0\2", ipv4, sizeof(ipv4));
	send_record(e, "\0\0\0\36", ipv6, sizeof(ipv6));
	assert_int_equal(read_one(e, &len), 0);
	assert_int_equal(len, sizeof(ipv4));
	assert_int_equal(read_one(e, &len), 0);
	assert_int_equal(len, sizeof(ipv6));
}

static void
reading_does_not_wait(void **state)
{
	size_t len;

	assert_int_equal(read_one(*state, &len), -EAGAIN);
}

static void
a_record_that_is_no_packet_is_taken_off_the_queue(void **state)
{
	static const uint8_t version7[20] = { 0x75 };
	struct ends *e = *state;
	size_t len;

	/* No family, no packet, too short for a header, a version unknown. */
	assert_int_equal(send(e->system, "\0\0", 2, 0), 2);
	assert_int_equal(send(e->system, "\0\0\0\2", 4, 0), 4);
	send_record(e, "\0\0\0\2", ipv4, 19);
	send_record(e, "\0\0\0\2", version7, 20);
	for (int i = 0; i < 4; i++)
		assert_int_equal(read_one(e, &len), -EBADMSG);
	assert_int_equal(read_one(e, &len), -EAGAIN);
}

static void
a_family_that_is_not_the_packets_is_refused(void **state)
{
	struct ends *e = *state;
	size_t len;

	send_record(e, "\0\0\0\36", ipv4, sizeof(ipv4));
	send_record(e, "\0\0\0\2", ipv6, sizeof(ipv6));
	/* Linux's number for IPv6, and the host's byte order. */
	send_record(e, "\0\0\0\12", ipv6, sizeof(ipv6));
	send_record(e, "\2\0\0\0", ipv4, sizeof(ipv4));
	for (int i = 0; i < 4; i++)
		assert_int_equal(read_one(e, &len), -EBADMSG);
}

static void
a_packet_larger_than_the_room_is_refused_and_gone(void **state)
{
	struct ends *e = *state;
	uint8_t data[24];
	size_t len;

	send_record(e, "\0\0\0\2", ipv4, sizeof(ipv4));
	assert_int_equal(utun_frame_read(e->ours, data, sizeof(data), &len),
	    -EMSGSIZE);
	assert_int_equal(utun_frame_read(e->ours, data, sizeof(data), &len),
	    -EAGAIN);
}

static void
what_is_no_packet_is_not_written(void **state)
{
	struct ends *e = *state;
	uint8_t raw[64];

	assert_int_equal(utun_frame_write(e->ours, ipv4, 19), -EBADMSG);
	assert_int_equal(utun_frame_write(e->ours, ipv6, 39), -EBADMSG);
	assert_int_equal(utun_frame_write(e->ours, raw, 0), -EBADMSG);
	assert_int_equal(recv(e->system, raw, sizeof(raw), MSG_DONTWAIT), -1);
}

static void
a_vanished_device_is_an_error(void **state)
{
	(void)state;
	uint8_t data[64];
	size_t len;
	int fd[2];

	/* A stream says "end of file", as the control socket does. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	close(fd[0]);
	assert_int_equal(utun_frame_read(fd[1], data, sizeof(data), &len),
	    -ENXIO);
	close(fd[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_ends, close_ends)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_written_packet_follows_its_family_in_macos_numbers),
		TEST(a_read_packet_comes_without_its_family),
		TEST(two_packets_stay_two),
		TEST(reading_does_not_wait),
		TEST(a_record_that_is_no_packet_is_taken_off_the_queue),
		TEST(a_family_that_is_not_the_packets_is_refused),
		TEST(a_packet_larger_than_the_room_is_refused_and_gone),
		TEST(what_is_no_packet_is_not_written),
		cmocka_unit_test(a_vanished_device_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
