import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { buildDist, runCli, startCli } from '../support/cli-process.js'
import { testOnPosix } from '../support/platforms.js'

const BELOW_A_FILE = join(process.cwd(), 'package.json', 'x')

beforeAll(buildDist, 120_000)

describe('clipgate', () => {
  test('tells its version', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'))
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('explains itself', async () => {
    const { code, stdout } = await runCli(['--help'])
    expect(code).toBe(0)
    for (const command of ['serve', 'kvs', 'put-media']) expect(stdout).toContain(`\n  ${command} `)
  })

  test.each([
    [['nonsense'], "error: unknown command 'nonsense'\n"],
    [['put-media', 'a.mkv'], "error: required option '--stream-name <name>' not specified\n"],
    [['put-media', '--stream-name', 'a'], "error: missing required argument 'file'\n"],
    [['serve', '--nonsense'], "error: unknown option '--nonsense'\n"],
    [
      ['put-media', 'a.mkv', '--stream-name', 'a', '--producer-start', '2026-01-31T12:00:00'],
      '--producer-start is "2026-01-31T12:00:00", but must be',
    ],
    [
      ['put-media', 'a.mkv', '--stream-name', 'a', '--producer-start', '2026-02-31T12:00:00Z'],
      '--producer-start is "2026-02-31T12:00:00Z", but must be',
    ],
    [['put-media', 'package.json', '--stream-name', 'a'], 'The input is not Matroska (MKV), so nothing was sent: '],
    [['put-media', 'a.mkv', '--stream-name', 'a', '--retention-hours', '-1'], '--retention-hours is "-1", but must be'],
    [['put-media', '.', '--stream-name', 'a'], '. is a folder, but must be an MKV file'],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await runCli(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test.each([
    ['serve', { PORT: 'x' }, 'PORT is "x", but must be'],
    ['serve', { KVS_BACKEND: 'gcp' }, 'KVS_BACKEND is "gcp", but must be one of embedded, aws.'],
    ['kvs', { KVS_QUOTAS: 'maybe' }, 'KVS_QUOTAS is "maybe", but must be one of on, off.'],
    ['serve', { DATA_DIR: BELOW_A_FILE }, `DATA_DIR is "${BELOW_A_FILE}", but must be`],
  ])('%s stops at a wrong setting (%j) with one sentence', async (command, env, message) => {
    const { code, stdout, stderr } = await runCli([command], env)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test.each([
    ['serve', 'PORT'],
    ['serve', 'KVS_PORT'],
    ['kvs', 'KVS_PORT'],
  ])('%s says so when %s is taken', async (command, setting) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const { code, stderr } = await runCli([command], { [setting]: String(port) })
    other.close()
    expect(code).toBe(1)
    expect(stderr).toContain(`The address 127.0.0.1:${port} is already in use`)
  })

  test('put-media --help shows how to make good fragments', async () => {
    const { code, stdout } = await runCli(['put-media', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('--keep-clusters')
    expect(stdout).toContain('-cluster_time_limit 20000 -cluster_size_limit 50M')
  })

  test('put-media leaves nothing in the data folder', async () => {
    const dataDir = join(await mkdtemp(join(tmpdir(), 'clipgate-put-')), 'data')
    const { code } = await runCli(['put-media', 'test/fixtures/h264-only.mkv', '--stream-name', 'a'], { KVS_PORT: '9', DATA_DIR: dataDir })
    expect(code).toBe(1)
    expect(existsSync(dataDir)).toBe(false)
    await rm(dirname(dataDir), { recursive: true })
  })

  test('put-media stops reading standard input that is not Matroska, although more may arrive', async () => {
    await using piped = await startCli(['put-media', '-', '--stream-name', 'a'])
    piped.stdin?.write('#!/bin/sh\n')
    expect(await piped.ended).toMatchObject({ code: 2, stderr: expect.stringContaining('not Matroska') })
  })

  test('put-media says so when nobody is there', async () => {
    const { code, stderr } = await runCli(['put-media', 'test/fixtures/h264-only.mkv', '--stream-name', 'a'], { KVS_PORT: '9' })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^No server is listening on 127\.0\.0\.1:9\. /)
  })
})

describe('clipgate kvs', () => {
  testOnPosix.each(['SIGTERM', 'SIGINT'] as const)('serves, and stops in order at %s (skipped on Windows: no signals)', async (signal) => {
    await using kvs = await startCli(['kvs'])
    const [, url = ''] = await kvs.until(/Kinesis Video {2}(http:\S+)/)
    const env = { KVS_PORT: new URL(url).port }
    const whole = await runCli(['put-media', 'test/fixtures/h264-aac.mkv', '--stream-name', 'yard', '--verbose'], env)
    expect(whole).toMatchObject({ code: 0, stdout: expect.stringMatching(/^0\.1 MB sent to yard, \d+ fragments kept\.\n$/) })
    expect(whole.stderr).toContain('PERSISTED')

    await using piped = await startCli(['put-media', '-', '--stream-name', 'gate'], env)
    piped.stdin?.end(await readFile('test/fixtures/h264-only.mkv'))
    expect(await piped.ended).toMatchObject({ code: 0, stderr: '' })

    const none = await runCli(['put-media', 'package.json', '--stream-name', 'none'], env)
    expect(none).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/^The input is not Matroska/) })

    const spoilt = Buffer.concat([await readFile('test/fixtures/h264-only.mkv'), Buffer.alloc(1000)])
    await using broken = await startCli(['put-media', '-', '--stream-name', 'yard', '--keep-clusters'], env)
    broken.stdin?.end(spoilt)
    expect(await broken.ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('INVALID_MKV_DATA') })
    await using cut = await startCli(['put-media', '-', '--stream-name', 'gate'], env)
    cut.stdin?.end(spoilt)
    expect(await cut.ended).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/3 fragments kept\.\n$/),
      stderr: expect.stringMatching(/^The footage was sent up to the first error: [^\n]+\.\n$/),
    })

    const listed = await fetch(`${url}/listStreams`, { method: 'POST', body: '{}' })
    expect(await listed.json()).toMatchObject({ StreamInfoList: [{ StreamName: 'gate' }, { StreamName: 'yard' }] })
    const { code, stderr } = await kvs.stop(signal)
    expect(code).toBe(0)
    expect(JSON.parse(stderr)).toMatchObject({ msg: 'an upload failed', err: { code: 'INVALID_MKV_DATA' } })
  })
})
