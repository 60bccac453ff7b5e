import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { printContract } from '../../src/graphql/schema.js'

const root = process.cwd()

describe('generated files are current', () => {
  test('schema.graphql matches the resolvers (otherwise: npm run schema)', () => {
    expect(readFileSync(join(root, 'schema.graphql'), 'utf8')).toBe(printContract())
  })

  test('src/client/generated matches schema.graphql and the operations (otherwise: npm run codegen)', async () => {
    const codegen = join(root, 'node_modules', '@graphql-codegen', 'cli', 'cjs', 'bin.js')
    const { stderr } = await promisify(execFile)(process.execPath, [codegen, '--config', 'codegen.yml', '--check'], { cwd: root })
    expect(stderr).not.toContain('stale')
  })
})
