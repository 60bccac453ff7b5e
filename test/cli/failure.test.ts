import { describe, expect, test } from '@jest/globals'
import { CommanderError } from 'commander'
import { toExitCode, toSentence, WrongArgument } from '../../src/cli/failure.js'
import { WrongSetting } from '../../src/config/env.js'
import { GatewayError } from '../../src/domain/errors.js'

function systemError(fields: Record<string, unknown>): Error {
  return Object.assign(new Error('listen EADDRINUSE: something technical'), fields)
}

describe('a failure is one sentence', () => {
  test.each([
    [systemError({ code: 'EADDRINUSE', address: '127.0.0.1', port: 4000 }), /^The address 127\.0\.0\.1:4000 is already in use/],
    [systemError({ code: 'EADDRNOTAVAIL', address: '10.9.9.9', port: 4000 }), /^This machine has no address 10\.9\.9\.9:4000/],
    [systemError({ code: 'EACCES', address: '127.0.0.1', port: 80 }), /^This user may not listen on 127\.0\.0\.1:80/],
    [systemError({ code: 'EACCES', path: '/root/x' }), /^This user has no permission to read or write \/root\/x/],
    [systemError({ code: 'ENOENT', path: 'a.mkv' }), /^The file or folder a\.mkv does not exist\.$/],
    [systemError({ code: 'ENOSPC' }), /^The disk is full\.$/],
    [new WrongSetting('PORT is "x", but must be a number.'), /^PORT is "x", but must be a number\.$/],
    [new GatewayError('KVS_THROTTLED', 'Busy.'), /^Busy\.$/],
    [
      new GatewayError(
        'KVS_UNAVAILABLE',
        'No answer.',
        {},
        { cause: systemError({ code: 'ECONNREFUSED', address: '127.0.0.1', port: 4010 }) },
      ),
      /^No server is listening on 127\.0\.0\.1:4010/,
    ],
    ['thrown text', /^clipgate failed: thrown text$/],
  ])('%#', (error, sentence) => {
    expect(toSentence(error)).toMatch(sentence)
  })

  test('unless it is a fault of ours, which keeps its stack', () => {
    expect(toSentence(new TypeError('x is not a function'))).toMatch(/^clipgate failed: TypeError: x is not a function\n +at /)
  })
})

test.each([
  [new CommanderError(0, 'commander.helpDisplayed', 'help'), 0],
  [new CommanderError(1, 'commander.unknownCommand', 'unknown'), 2],
  [new WrongSetting('x'), 2],
  [new WrongArgument('x'), 2],
  [new Error('x'), 1],
])('the exit code of %s is %d', (error, code) => {
  expect(toExitCode(error)).toBe(code)
})
