import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from '@jest/globals'
import { EMPTY_CHAIN, toNextLine } from '../../src/audit/audit-chain.js'
import { buildDist, runCli } from '../support/cli-process.js'

beforeAll(buildDist, 120_000)

test('clipgate audit verify reports an intact log, a changed line and a missing end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'clipgate-audit-cli-'))
  try {
    const path = join(folder, 'audit.jsonl')
    const first = toNextLine(EMPTY_CHAIN, '2026-11-30T10:00:00.000Z', { event: 'clip.requested' })
    const second = toNextLine(first.end, '2026-11-30T10:00:01.000Z', { event: 'clip.downloaded' })
    await writeFile(path, `${first.line}\n${second.line}\n`)
    const { hash } = second.end
    const verify = (...more: string[]) => runCli(['audit', 'verify', path, ...more], {})
    const intact = `2 line(s) are intact. The newest has number 2 and hash ${hash}.\n`
    expect(await verify()).toEqual({ code: 0, stdout: intact, stderr: '' })
    expect(await verify('--expect', hash)).toEqual({ code: 0, stdout: intact, stderr: '' })
    await writeFile(path, `${first.line}\n`)
    expect(await verify('--expect', hash)).toEqual({
      code: 1,
      stdout: '',
      stderr: `The log ends with hash ${first.end.hash}, but ${hash} was expected: lines are missing at its end, or follow.\n`,
    })
    await writeFile(path, `${first.line.replace('requested', 'revoked')}\n${second.line}\n`)
    expect(await verify()).toEqual({
      code: 1,
      stdout: '',
      stderr: `Line 2 of ${path} breaks the chain. It does not hold the hash of the line before it: a line here was changed, removed or inserted.\n`,
    })
    expect(await verify('--expect', 'abc')).toMatchObject({ code: 2, stderr: expect.stringMatching(/^--expect is "abc", but must be/) })
    expect(await runCli(['audit', 'verify', join(folder, 'missing')], {})).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/does not exist/),
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
