// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* t_pyvalue.c - floats as repr() writes them: what Python says of each. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cpython/pyvalue.h"

static const struct {
	double value;
	const char *repr;
} floats[] = {
	{ 0.0, "0.0" },		    { -0.0, "-0.0" },
	{ 1.0, "1.0" },		    { 100000.0, "100000.0" },
	{ 0.1, "0.1" },		    { 1.0 / 3, "0.3333333333333333" },
	{ 0.0001, "0.0001" },	    { 0.00001, "1e-05" },
	{ 1e15, "1000000000000000.0" },
	{ 123456789012345680.0, "1.2345678901234568e+17" },
	{ 9999999999999998.0, "9999999999999998.0" },
	{ 1e16, "1e+16" },	    { 1.5e16, "1.5e+16" },
	{ 5e-324, "5e-324" },	    { 1.7976931348623157e308, "1.7976931348623157e+308" },
	{ 3.14e300, "3.14e+300" },  { -2.5, "-2.5" },
	{ 1234.5678, "1234.5678" }, { INFINITY, "inf" },
	{ -INFINITY, "-inf" },	    { NAN, "nan" },
};

static void floats_in_words(void **state)
{
	char text[PYVALUE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(floats) / sizeof(*floats); i++) {
		pyvalue_double(floats[i].value, text);
		assert_string_equal(text, floats[i].repr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(floats_in_words) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
