import { describe, expect, test } from '@jest/globals'
import { parseMediaException } from '../../src/domain/media-exception.js'

function tags(values: Readonly<Record<string, string>>): { name: string; value: string }[] {
  return Object.entries(values).map(([name, value]) => ({ name, value }))
}

describe('the tags of Kinesis Video that stand for an exception', () => {
  test.each<[string, Record<string, string>, boolean, string]>([
    [
      'as documented',
      { AWS_KINESISVIDEO_EXCEPTION_ERROR_CODE: '4000', AWS_KINESISVIDEO_EXCEPTION_MESSAGE: 'The fragment is gone.' },
      true,
      '4000: The fragment is gone.',
    ],
    [
      'as observed',
      { AWS_KINESISVIDEO_FRAGMENT_NUMBER: '7', AWS_KINESISVIDEO_ERROR_CODE: 'FRAGMENT_NOT_FOUND', AWS_KINESISVIDEO_ERROR_ID: '3000' },
      true,
      'FRAGMENT_NOT_FOUND: 3000',
    ],
    [
      'as GetMedia writes them',
      { AWS_KINESISVIDEO_ERROR_CODE: 'Requested fragment is not found.', AWS_KINESISVIDEO_ERROR_ID: '4000' },
      true,
      'Requested fragment is not found.: 4000',
    ],
    [
      'of another fault',
      { AWS_KINESISVIDEO_ERROR_CODE: 'INTERNAL_ERROR', AWS_KINESISVIDEO_ERROR_ID: '5000' },
      false,
      'INTERNAL_ERROR: 5000',
    ],
    ['with an id alone', { AWS_KINESISVIDEO_ERROR_ID: '4501' }, false, '4501'],
    ['with a sentence alone', { AWS_KINESISVIDEO_EXCEPTION_MESSAGE: 'The key is disabled.' }, false, 'The key is disabled.'],
  ])('are understood %s', (_, values, isNotFound, message) => {
    expect(parseMediaException(tags(values))).toEqual({ isNotFound, message })
  })

  test.each<[string, Record<string, string>]>([
    ['no tags', {}],
    ['the tags of a fragment', { AWS_KINESISVIDEO_FRAGMENT_NUMBER: '7', AWS_KINESISVIDEO_SERVER_TIMESTAMP: '1.5' }],
    ['a producer’s own tags', { ERROR_CODE: '4000', title: 'FRAGMENT_NOT_FOUND' }],
  ])('are not %s', (_, values) => {
    expect(parseMediaException(tags(values))).toBeNull()
  })
})
