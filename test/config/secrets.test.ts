import { mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { readEnv, WrongSetting } from '../../src/config/env.js'
import { loadSettings } from '../../src/config/load-settings.js'
import { openSecrets } from '../../src/config/secrets.js'
import { testOnLinux, testOnPosix } from '../support/platforms.js'

let dataDir = ''
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'clipgate-secrets-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

describe('secrets of clip URLs', () => {
  test('are read newest first', async () => {
    const [newer, older] = ['n'.repeat(32), 'o'.repeat(40)]
    const secrets = await openSecrets(readEnv({ CLIP_URL_SECRETS: `${newer}, ${older}` }), dataDir)
    expect(secrets.clipUrlSecrets).toEqual([newer, older])
    expect(await readdir(dataDir)).toEqual([])
  })

  test.each([['short'], [`${'n'.repeat(32)},short`], [`${'n'.repeat(32)},`]])(
    'are refused when one is too short, and not shown: %s',
    async (text) => {
      const refused = openSecrets(readEnv({ CLIP_URL_SECRETS: text }), dataDir)
      await expect(refused).rejects.toThrow(
        /^CLIP_URL_SECRETS has a secret of \d characters, but must be comma-separated secrets of 32 characters or more/,
      )
      await expect(refused).rejects.not.toThrow('short')
    },
  )

  testOnPosix('are generated once if they are not set, and only the owner may read them (skipped on Windows: no file modes)', async () => {
    const first = await openSecrets({}, join(dataDir, 'new', 'folder'))
    const second = await openSecrets({}, join(dataDir, 'new', 'folder'))
    expect(second).toEqual(first)
    expect(first.clipUrlSecrets[0]).toMatch(/^[A-Za-z0-9_-]{43}$/)
    expect((await stat(join(dataDir, 'new', 'folder', 'development-secret'))).mode & 0o777).toBe(0o600)
  })

  test('are the same for processes that start at the same time, and no temporary file remains', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => openSecrets({}, dataDir)))
    expect(new Set(all.map((secrets) => secrets.clipUrlSecrets[0])).size).toBe(1)
    expect(await readdir(dataDir)).toEqual(['development-secret'])
  })

  test('are not taken from a file with other contents, and the file is kept', async () => {
    const file = join(dataDir, 'development-secret')
    await writeFile(file, 'mine')
    await expect(openSecrets({}, dataDir)).rejects.toThrow(/DATA_DIR does not contain a secret/)
    expect(await readFile(file, 'utf8')).toBe('mine')
  })

  test('cannot be created in a folder that is not writable', async () => {
    await writeFile(join(dataDir, 'file'), '')
    await expect(openSecrets({}, join(dataDir, 'file'))).rejects.toThrow(
      /^DATA_DIR is ".*file", but must be a folder that can be written to \(ENOTDIR|EEXIST\)/,
    )
  })
})

describe('the data folder', () => {
  const secret = 's'.repeat(32)

  testOnPosix('is created with its parents, for its owner only (skipped on Windows: no file modes)', async () => {
    const folder = join(dataDir, 'one', 'two', 'three')
    await Promise.all([1, 2, 3].map(() => loadSettings({ DATA_DIR: folder, CLIP_URL_SECRETS: secret })))
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
  })

  // Node's recursive mkdir goes round for ever beneath /proc.
  testOnLinux.each([['/proc/nowhere/deep'], ['/dev/null/deep']])(
    'that cannot be created stops the start: %s (skipped without /proc)',
    async (folder) => {
      const message = `DATA_DIR is "${folder}", but must be a folder that can be written to (${folder.startsWith('/proc') ? 'ENOENT' : 'ENOTDIR'}).`
      await expect(loadSettings({ DATA_DIR: folder, CLIP_URL_SECRETS: secret })).rejects.toThrow(message)
    },
  )

  // Nobody can write to /proc, root included.
  testOnLinux('that exists but cannot be written to stops the start (skipped without /proc)', async () => {
    const message = 'DATA_DIR is "/proc", but must be a folder that can be written to (ENOENT).'
    await expect(loadSettings({ DATA_DIR: '/proc', CLIP_URL_SECRETS: secret })).rejects.toThrow(message)
  })

  testOnLinux.each(['kvs', 'clips'])('with a folder %s that cannot be written to stops the start (skipped without /proc)', async (name) => {
    await symlink('/proc', join(dataDir, name))
    const message = `DATA_DIR is "${dataDir}", but must be a folder that can be written to (ENOENT in "${join(dataDir, name)}").`
    await expect(loadSettings({ DATA_DIR: dataDir })).rejects.toThrow(message)
  })

  test('with a file instead of a subfolder stops the start', async () => {
    await writeFile(join(dataDir, 'kvs'), '')
    await expect(loadSettings({ DATA_DIR: dataDir })).rejects.toThrow(/^DATA_DIR is ".*", but must be .* \(ENOTDIR in ".*kvs"\)\.$/)
  })

  testOnLinux('need not hold an archive of the embedded KVS when KVS_BACKEND is aws (skipped without /proc)', async () => {
    await symlink('/proc', join(dataDir, 'kvs'))
    await loadSettings({ DATA_DIR: dataDir, KVS_BACKEND: 'aws' })
    expect((await readdir(dataDir)).toSorted()).toEqual(['development-secret', 'kvs'])
  })
})

describe('access keys of the embedded KVS', () => {
  test('are pairs', async () => {
    const secrets = await openSecrets(readEnv({ KVS_ACCESS_KEYS: 'AKID1:secret/1+=, AKID2:two' }), dataDir)
    expect(secrets.kvsAccessKeys).toEqual([
      { accessKeyId: 'AKID1', secretAccessKey: 'secret/1+=' },
      { accessKeyId: 'AKID2', secretAccessKey: 'two' },
    ])
  })

  test.each(['no-colon', 'a:b,', ':secret', 'id:', 'a:b:c', 'a b:c'])(
    'are refused without being shown when they are none: %s',
    async (text) => {
      const refused = openSecrets(readEnv({ KVS_ACCESS_KEYS: text }), dataDir)
      await expect(refused).rejects.toThrow(WrongSetting)
      await expect(refused).rejects.toThrow(
        /^Item \d of KVS_ACCESS_KEYS is invalid: KVS_ACCESS_KEYS must be comma-separated id:secret pairs/,
      )
    },
  )
})

test('settings and secrets are loaded from one environment', async () => {
  const { config, secrets } = await loadSettings({ DATA_DIR: dataDir, PORT: '5000', PATH: '/bin' })
  expect(config).toMatchObject({ dataDir, port: 5000 })
  expect(secrets.clipUrlSecrets).toHaveLength(1)
})
