import { createPublicKey, verify } from 'node:crypto'
import { appendFile, chmod, mkdtemp, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import type { AuditEvent } from '../../src/audit/audit-event.js'
import { AuditFile, type AuditSink } from '../../src/audit/audit-file.js'
import { AuditLog } from '../../src/audit/audit-log.js'
import { AuditSigner, type SignedEnd } from '../../src/audit/audit-signer.js'
import { verifyAuditLog } from '../../src/audit/verify-audit-log.js'

let folder = ''
let path = ''
let signed: SignedEnd[] = []
let problems: unknown[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'clipgate-audit-'))
  path = join(folder, 'audit.jsonl')
  signed = []
  problems = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

function download(bytesSent: number, more: Partial<AuditEvent> = {}): AuditEvent {
  return {
    ...{ event: 'clip.downloaded', principal: 'key-1', address: '192.0.2.1', requestId: 'r-1', outcome: 'complete', bytesSent },
    ...{ stream: 'arn:aws:kinesisvideo:us-east-1:1:stream/a/1', etag: '"e"', sizeBytes: 100 },
    range: { start: '2026-11-30T10:00:00.000Z', end: '2026-11-30T10:01:00.000Z' },
    ...more,
  }
}

async function openLog(sink?: AuditSink): Promise<AuditLog> {
  return new AuditLog({
    sink: sink ?? (await AuditFile.open(path, (text) => problems.push(text))),
    signer: await AuditSigner.open(join(folder, 'keys', 'audit-key.pem')),
    onSigned: (end) => signed.push(end),
    onProblem: (error) => problems.push(error),
    retryAfterMs: 5,
  })
}

async function write(count: number): Promise<void> {
  await using log = await openLog()
  for (let n = 0; n < count; n += 1) log.record(download(n))
}

async function linesOf(file = path): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').slice(0, -1)
}

describe('an audit log', () => {
  test('has a line for each event, in order, and survives restarts', async () => {
    await write(3)
    await write(2)
    const lines = (await linesOf()).map((line) => JSON.parse(line))
    expect(lines.map(({ sequence, bytesSent }) => [sequence, bytesSent])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 0],
      [5, 1],
    ])
    expect(lines[0]).toMatchObject({ ...download(0), previous: '0'.repeat(64) })
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 5, end: { sequence: 5 } })
  })

  test('is readable and writable for its user only, like its key', async () => {
    await write(1)
    const modes = await Promise.all([path, join(folder, 'keys', 'audit-key.pem')].map(async (file) => (await stat(file)).mode & 0o777))
    expect(modes).toEqual([0o600, 0o600])
  })

  test('signs its end when it closes, so that a cut-off end is found', async () => {
    await write(3)
    const [end] = signed
    expect(end).toMatchObject({ sequence: 3 })
    const text = Buffer.from(`${end?.sequence} ${end?.hash}`)
    expect(verify(null, text, createPublicKey(end?.publicKey ?? ''), Buffer.from(end?.signature ?? '', 'base64'))).toBe(true)
    await writeFile(path, `${(await linesOf()).slice(0, 2).join('\n')}\n`)
    const verdict = await verifyAuditLog([path])
    expect(verdict.intact && verdict.end.hash === end?.hash).toBe(false)
  })

  test('keeps its chain when logrotate renames or copies the file', async () => {
    {
      await using log = await openLog()
      log.record(download(1))
      while ((await readFile(path, 'utf8')) === '') await new Promise((resolve) => setImmediate(resolve))
      await rename(path, `${path}.1`)
      log.record(download(2))
      while ((await readFile(path, 'utf8').catch(() => '')) === '') await new Promise((resolve) => setImmediate(resolve))
      await writeFile(`${path}.2`, await readFile(path))
      await truncate(path, 0)
      log.record(download(3))
    }
    expect(await verifyAuditLog([`${path}.1`, `${path}.2`, path])).toMatchObject({ intact: true, lines: 3, end: { sequence: 3 } })
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 1, continues: expect.not.stringMatching(/^0+$/) })
  })

  test('removes an incomplete line that a power failure left, and reports it', async () => {
    await write(2)
    await appendFile(path, '{"sequence":3,"at":"20')
    await write(1)
    expect(problems).toEqual(['{"sequence":3,"at":"20'])
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 3 })
  })

  test('is refused if the file is something else', async () => {
    await writeFile(path, 'a,b,c\n1,2,3\n')
    await expect(AuditFile.open(path, () => null)).rejects.toThrow(/^The file \S+ does not end with a line of an audit log\. Set AUDIT_LOG/)
    expect(await readFile(path, 'utf8')).toBe('a,b,c\n1,2,3\n')
  })

  test('writes later what a full disk did not take', async () => {
    const file = await AuditFile.open(path, () => null)
    let refusals = 3
    const full: AuditSink = {
      end: file.end,
      append: async (text) => {
        refusals -= 1
        if (refusals >= 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
        await file.append(text)
      },
      sync: () => file.sync(),
      close: () => file.close(),
    }
    const log = await openLog(full)
    for (let n = 0; n < 10_003; n += 1) log.record(download(n))
    while (refusals >= 0) await new Promise((resolve) => setImmediate(resolve))
    await log.close()
    const lines = await linesOf()
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ event: 'audit.lost', count: 3 })
    expect(problems).toHaveLength(1)
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 10_001 })
  }, 60_000)

  test('reports the lines that a full disk did not take before it closes', async () => {
    const file = await AuditFile.open(path, () => null)
    const full: AuditSink = {
      end: file.end,
      append: async () => {
        throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      },
      sync: () => file.sync(),
      close: () => file.close(),
    }
    const log = await openLog(full)
    log.record(download(1))
    log.record(download(2))
    await log.close()
    expect(problems.map(String)).toEqual(['Error: no space left', 'Error: 2 lines of the audit log were not written and are lost'])
    expect(signed).toEqual([])
  })

  test('shortens what a client may make long', async () => {
    {
      await using log = await openLog()
      log.record(download(1, { requestId: '\u0001'.repeat(100_000), principal: 'x'.repeat(100_000) }))
    }
    expect((await linesOf())[0]?.length).toBeLessThan(10_000)
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 1 })
  })

  test('cannot be opened in a folder without permission', async () => {
    if (process.getuid?.() === 0) return
    await chmod(folder, 0o500)
    await expect(AuditFile.open(path, () => null)).rejects.toThrow(/EACCES/)
  })
})

describe('the check of an audit log', () => {
  const changes = fc.record({
    kind: fc.constantFrom('change', 'remove', 'insert', 'swap' as const),
    line: fc.nat(6),
    at: fc.nat(80),
  })

  test('finds any line that was changed, removed, inserted or moved', async () => {
    await write(8)
    const lines = await linesOf()
    await fc.assert(
      fc.asyncProperty(changes, async ({ kind, line, at }) => {
        const changed = change(lines, { kind, line, at })
        await writeFile(path, `${changed.join('\n')}\n`)
        const verdict = await verifyAuditLog([path])
        // A first line that is missing shows in what the log continues.
        const isFound = !verdict.intact || /[^0]/.test(verdict.continues)
        expect([isFound, changed]).toEqual([true, changed])
      }),
      { numRuns: 200 },
    )
  })

  test('accepts an empty file', async () => {
    await writeFile(path, '')
    expect(await verifyAuditLog([path])).toMatchObject({ intact: true, lines: 0 })
  })

  test('stops at a line that is too long', async () => {
    await writeFile(path, 'x'.repeat(5_000_000))
    expect(await verifyAuditLog([path])).toMatchObject({ intact: false, line: 1 })
  })
})

function change(lines: readonly string[], { kind, line, at }: { kind: string; line: number; at: number }): string[] {
  const [own = '', next = ''] = [lines[line], lines[line + 1]]
  if (kind === 'remove') return lines.toSpliced(line, 1)
  if (kind === 'insert') return lines.toSpliced(line, 0, own)
  if (kind === 'swap') return lines.toSpliced(line, 2, next, own)
  const digit = own[at] === '7' ? '8' : '7'
  return lines.toSpliced(line, 1, own.slice(0, at) + digit + own.slice(at + 1))
}
