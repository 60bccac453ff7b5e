import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { parseApiKeyFile } from '../../src/auth/api-key-file.js'
import { KeyRing } from '../../src/auth/key-ring.js'
import { systemClock } from '../../src/lib/clock.js'
import { buildDist, runCli } from '../support/cli-process.js'

let folder: string
let file: string
beforeAll(async () => {
  await buildDist()
  folder = await mkdtemp(join(tmpdir(), 'clipgate-keys-'))
  file = join(folder, 'keys.json')
}, 120_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

function keys(...args: string[]) {
  return runCli(['keys', ...args], { API_KEYS_FILE: file })
}

async function ringOf(): Promise<KeyRing> {
  const ring = new KeyRing(systemClock)
  ring.replace(parseApiKeyFile(await readFile(file, 'utf8')))
  return ring
}

test('a key is created, listed and revoked, and its file does not contain it', async () => {
  const made = await keys(
    'create',
    '--name',
    'partner',
    '--scopes',
    'streams:read, clips:request',
    '--streams',
    'lobby-*,tag:site=berlin',
    '--expires',
    '90d',
  )
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^cgk_\w{10}_\w{49}\n$/) })
  const key = made.stdout.trim()
  const id = key.split('_')[1] ?? ''
  expect(made.stderr).toContain(id)
  expect(await readFile(file, 'utf8')).not.toContain(key.slice(15))
  if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600)
  const principal = (await ringOf()).find(key)
  expect(principal).toMatchObject({ name: 'partner', grants: [{ scopes: ['streams:read', 'clips:request'] }] })
  expect(Math.abs((principal?.expiresAtMs ?? 0) - Date.now() - 90 * 86_400_000)).toBeLessThan(600_000)

  expect(await keys('create', '--name', 'other', '--scopes', 'metrics:read', '--streams', '*')).toMatchObject({ code: 0 })
  const listed = await keys('list')
  expect(listed.stdout.split('\n').map((line) => line.split(/ {2,}/))).toMatchObject([
    ['ID', 'STATE', 'EXPIRES', 'GRANTS', 'NAME'],
    [id, 'valid', expect.any(String), 'streams:read,clips:request on lobby-*,tag:site=berlin', 'partner'],
    [expect.any(String), 'valid', 'never', 'metrics:read on *', 'other'],
    [''],
  ])

  expect(await keys('revoke', id)).toMatchObject({ code: 0 })
  expect((await ringOf()).find(key)).toBeNull()
  expect((await keys('list')).stdout).toMatch(new RegExp(`^${id}  revoked`, 'm'))
})

test.each([
  [['create', '--name', 'a', '--scopes', 'streams:write', '--streams', '*'], '"streams:write" is not a scope'],
  [['create', '--name', 'a', '--scopes', 'streams:read', '--streams', 'a b'], '"a b" is not a stream pattern'],
  [['create', '--name', 'a', '--scopes', 'streams:read', '--streams', '*', '--expires', '3 weeks'], '--expires is "3 weeks", but must be'],
  [['create', '--name', '', '--scopes', 'streams:read', '--streams', '*'], '--name must have'],
  [['create', '--name', 'a', '--scopes', 'streams:read'], "required option '--streams <patterns>'"],
  [['revoke', 'nothing'], 'There is no API key with the ID "nothing"'],
])('%j is refused with one sentence', async (args, message) => {
  const { code, stdout, stderr } = await keys(...args)
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr).toContain(message)
  expect(stderr.trim().split('\n')).toHaveLength(1)
})

test('a command without API_KEYS_FILE, or at the same time as another, is refused', async () => {
  expect(await runCli(['keys', 'list'])).toMatchObject({ code: 2, stderr: expect.stringContaining('API_KEYS_FILE is not set') })
  await writeFile(`${file}.lock`, '')
  expect(await keys('create', '--name', 'a', '--scopes', 'streams:read', '--streams', '*')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Another command edits the API keys'),
  })
  await rm(`${file}.lock`)
})

test('a gateway does not start with a key file that is missing or broken', async () => {
  const missing = join(folder, 'missing.json')
  expect(await runCli(['serve'], { API_KEYS_FILE: missing })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('the file does not exist. Create a key with clipgate keys create.'),
  })
  const broken = join(folder, 'broken.json')
  await writeFile(broken, '{"keys": 1}')
  expect(await runCli(['serve'], { API_KEYS_FILE: broken })).toMatchObject({ code: 2, stderr: expect.stringContaining('API_KEYS_FILE is') })
})
