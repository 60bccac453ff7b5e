import { expect, test } from '@jest/globals'
import { createApiKey, parseApiKey } from '../../src/auth/api-key.js'

test('a key has an ID, 256 random bits and a checksum', () => {
  const { id, key } = createApiKey()
  expect(key).toMatch(new RegExp(`^cgk_${id}_[0-9A-Za-z]{49}$`))
  expect(createApiKey().key).not.toBe(key)
  expect(parseApiKey(key)).toBe(id)
})

test('a key with one wrong character is refused by its checksum', () => {
  const { key } = createApiKey()
  for (let at = 0; at < key.length; at += 1) {
    const other = key[at] === 'x' ? 'y' : 'x'
    expect(parseApiKey(key.slice(0, at) + other + key.slice(at + 1))).toBeNull()
  }
})

test.each(['', 'cgk_', 'cgk_a_b', 'eyJhbGciOiJub25lIn0.e30.', 'x'.repeat(100_000)])('%.20j is not a key', (text) => {
  expect(parseApiKey(text)).toBeNull()
})
