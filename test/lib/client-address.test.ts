import { expect, test } from '@jest/globals'
import { toClientKey } from '../../src/lib/client-address.js'

test.each([
  ['two addresses of an IPv6 host are one client', '2001:db8:1:2:aaaa::1', '2001:db8:1:2:bbbb::2', true],
  ['two IPv6 networks are two clients', '2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['an IPv4-mapped address is that IPv4 address', '::ffff:192.0.2.7', '192.0.2.7', true],
  ['two IPv4 addresses are two clients', '192.0.2.7', '192.0.2.8', false],
  ['an IPv4 address is not an IPv6 network', '192.0.2.7', '::1', false],
  ['what is no address is compared as text', 'unix:', 'unix:', true],
])('%s', (_, one, other, isSame) => {
  expect(toClientKey(one) === toClientKey(other)).toBe(isSame)
})
