import { expect, test } from '@jest/globals'
import { isLoopbackHost, isWildcardHost, toUrlHost } from '../../src/lib/http-server.js'

test.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.8.8.8', '::1', '[::1]'])('%s is this machine alone', (host) => {
  expect(isLoopbackHost(host)).toBe(true)
})

test.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.net', '1270.0.0.1', 'localhost.example.net', '::2', ''])(
  '%s is more than this machine',
  (host) => {
    expect(isLoopbackHost(host)).toBe(false)
  },
)

test('knows the wildcards', () => {
  expect(['0.0.0.0', '::', '[::]', '127.0.0.1', 'example.net'].map(isWildcardHost)).toEqual([true, true, true, false, false])
})

test('puts IPv6 addresses in brackets for a URL', () => {
  expect(['::1', '127.0.0.1', 'example.net'].map(toUrlHost)).toEqual(['[::1]', '127.0.0.1', 'example.net'])
})
