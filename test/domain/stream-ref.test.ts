import { describe, expect, test } from '@jest/globals'
import { isStreamArn, isStreamName, toStreamName } from '../../src/domain/stream-ref.js'

const ARN = 'arn:aws:kinesisvideo:eu-west-1:123456789012:stream/dock-3/1511852109126'

describe('a stream name', () => {
  test.each(['a', 'dock-3', 'A_b.c-9', 'x'.repeat(256)])('%s is one', (text) => expect(isStreamName(text)).toBe(true))

  test.each(['', 'a b', 'a/b', 'kamera-ä', 'a\n', '\0', 'x'.repeat(257)])('%j is none', (text) => expect(isStreamName(text)).toBe(false))
})

describe('a stream ARN', () => {
  test.each([ARN, ARN.replace('aws', 'aws-cn'), ARN.replace('aws', 'aws-us-gov')])('%s is one', (text) =>
    expect(isStreamArn(text)).toBe(true),
  )

  test.each([
    '',
    ` ${ARN}`,
    `${ARN}\n`,
    `${ARN}/more`,
    ARN.replace('stream/', 'channel/'),
    ARN.replace('kinesisvideo', 'kinesis'),
    ARN.replace('123456789012', ''),
    ARN.replace('/1511852109126', ''),
    ARN.replace('dock-3', 'dock 3'),
    ARN.replace('dock-3', 'd'.repeat(1024)),
  ])('%j is none', (text) => expect(isStreamArn(text)).toBe(false))

  test('holds the name', () => expect(toStreamName(ARN)).toBe('dock-3'))
})
