import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { destination, type Logger } from 'pino'
import { createLogger } from '../../src/cli/logger.js'
import { runRequest } from '../../src/lib/running-request.js'

const SECRET = 'a "quoted" secret for clip URLs'
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'clipgate-logger-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function linesOf(write: (logger: Logger) => void): Record<string, unknown>[] {
  const accessKey = { accessKeyId: 'AKID', secretAccessKey: 'wJalrXUtnFEMI' }
  const output = destination({ dest: join(folder, 'log'), sync: true })
  const logger = createLogger({ level: 'info', secrets: { clipUrlSecrets: [SECRET], kvsAccessKeys: [accessKey] }, output })
  write(logger)
  output.end()
  const lines = readFileSync(join(folder, 'log'), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

describe('the logger', () => {
  test('removes secrets from messages, details, errors with causes, and bindings of children', () => {
    const token = 'Ag'.padEnd(150, 'x')
    const cause = new Error(`GET https://clips.example.net/clips/${token}/a.mp4`)
    const lines = linesOf((logger) => {
      logger.info({ headers: { authorization: `Bearer ${SECRET}` } }, `opened ${token}`)
      logger.child({ key: 'wJalrXUtnFEMI' }).error({ err: new Error(`no ${SECRET}`, { cause }) }, 'failed')
    })
    const text = JSON.stringify(lines)
    for (const secret of [token, SECRET, JSON.stringify(SECRET).slice(1, -1), 'wJalrXUtnFEMI']) expect(text).not.toContain(secret)
    expect(lines).toMatchObject([
      { msg: 'opened [redacted]', headers: { authorization: '[redacted]' } },
      { msg: 'failed', key: '[redacted]', err: { message: 'no [redacted]: GET https://clips.example.net/clips/[redacted]' } },
    ])
  })

  test('adds the ID of the request once', () => {
    const [first, second, third] = linesOf((logger) => {
      logger.info('outside')
      runRequest({ id: 'request-1', address: '' }, () => logger.info('inside'))
      runRequest({ id: 'request-1', address: '' }, () => logger.child({ requestId: 'request-1' }).info('of the request'))
    })
    expect(first).not.toHaveProperty('requestId')
    expect([second?.requestId, third?.requestId]).toEqual(['request-1', 'request-1'])
    expect(readFileSync(join(folder, 'log'), 'utf8').match(/requestId/g)).toHaveLength(2)
  })
})
