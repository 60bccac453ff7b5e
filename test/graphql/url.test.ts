import { describe, expect, test } from '@jest/globals'
import { parseValue } from 'graphql'
import { UrlScalar } from '../../src/graphql/scalars/url.js'

describe('URL', () => {
  test.each(['http://127.0.0.1:4010', 'https://s-12ab.kinesisvideo.eu-west-1.amazonaws.com/', 'https://[::1]:4000/clips/a/b.mp4'])(
    'takes %s',
    (url) => {
      expect(UrlScalar.parseValue(url)).toBe(url)
      expect(UrlScalar.serialize(url)).toBe(url)
    },
  )

  test.each([
    '',
    'example.com',
    '/clips/a',
    'javascript:alert(1)',
    'file:///etc/passwd',
    'data:,a',
    `http://a/${'b'.repeat(5000)}`,
    5,
    null,
    {},
  ])('refuses %p', (value) => {
    expect(() => UrlScalar.parseValue(value)).toThrow('URL must be an absolute http or https URL')
  })

  test('refuses literals that are not strings', () => {
    expect(() => UrlScalar.parseLiteral(parseValue('5'))).toThrow(/^URL must be .*; got 5\.$/)
  })
})
