import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from '@jest/globals'

const PROGRAM = `await import('./src/cli/process-settings.ts')
console.log(process.env.UV_THREADPOOL_SIZE, process.env.NODE_ENV)`

async function settingsWith(env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', PROGRAM], { env })
  return stdout.trim()
}

test('a process has eight threads for the disk, and libraries run as in production', async () => {
  expect(await settingsWith({})).toBe('8 production')
})

test('keeps the values of the operator', async () => {
  expect(await settingsWith({ UV_THREADPOOL_SIZE: '16', NODE_ENV: 'development' })).toBe('16 development')
})
