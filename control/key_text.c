/* SPDX-License-Identifier: ISC */
#include "control/key_text.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "datapath/wireguard/crypto.h"

/* All ones if c is between the two, else 0; without a branch. */
static uint32_t
between(uint32_t low, uint32_t c, uint32_t high)
{
	/* A difference below zero has its highest bit set. */
	return (((c - low) | (high - c)) >> 31) - 1;
}

/* 0 to 63; all ones if c is no digit. */
static uint32_t
digit(uint32_t c)
{
	uint32_t upper = between('A', c, 'Z'), lower = between('a', c, 'z'),
		 number = between('0', c, '9'), plus = between('+', c, '+'),
		 slash = between('/', c, '/');

	return (upper & (c - 'A')) | (lower & (c - 'a' + 26)) |
	    (number & (c - '0' + 52)) | (plus & 62) | (slash & 63) |
	    ~(upper | lower | number | plus | slash);
}

int
key_text_parse(const char *text, uint8_t ret[32])
{
	uint32_t wrong = 0, bits = 0;
	unsigned n_bits = 0, n = 0;

	memset(ret, 0, 32);
	if (strlen(text) != KEY_TEXT_LEN || text[KEY_TEXT_LEN - 1] != '=')
		return -EINVAL;
	/* 43 digits are 258 bits: the last two have to be zero. */
	for (unsigned i = 0; i < KEY_TEXT_LEN - 1; i++) {
		uint32_t d = digit((unsigned char)text[i]);

		wrong |= d >> 6;
		bits = bits << 6 | (d & 63);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			ret[n++] = (uint8_t)(bits >> n_bits);
		}
	}
	wrong |= bits & 3;
	if (wrong != 0) {
		wg_wipe(ret, 32);
		return -EINVAL;
	}
	return 0;
}

void
key_text_print(const uint8_t key[32], char ret[KEY_TEXT_LEN + 1])
{
	(void)EVP_EncodeBlock((unsigned char *)ret, key, 32);
}
