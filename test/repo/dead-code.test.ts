import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from '@jest/globals'

interface KnipIssue {
  readonly file: string
  readonly files: readonly { readonly name: string }[]
  readonly exports: readonly { readonly name: string }[]
  readonly types: readonly { readonly name: string }[]
}

async function runKnip(...args: readonly string[]): Promise<string[]> {
  const command = ['node_modules/knip/bin/knip.js', '--include', 'files,exports,types', '--reporter', 'json', '--no-exit-code', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command)
  const { issues }: { readonly issues: readonly KnipIssue[] } = JSON.parse(stdout)
  return issues.flatMap(({ file, files, exports, types }) => [
    ...files.map(() => file),
    ...[...exports, ...types].map(({ name }) => `${file}: ${name}`),
  ])
}

/** What scripts and benchmarks import from the build, which knip does not trace back to the sources. */
function listImportsOfTheBuild(): string[] {
  const scripts = ['scripts', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
  )
  return scripts
    .filter((path) => path.endsWith('.mjs'))
    .flatMap((path) => [...readFileSync(path, 'utf8').matchAll(/\{([^}]+)\} from '[./]+\/dist\/([^']+)\.js'/g)])
    .flatMap(([, names = '', module = '']) => names.split(',').map((name) => `src/${module}.ts: ${name.trim()}`))
}

// `npx knip --production` prints the findings with their lines.
describe('every file and export of src', () => {
  let onlyUsedByTests: readonly string[]
  beforeAll(async () => {
    onlyUsedByTests = await runKnip('--production')
  })

  test('is used by something other than tests', () => {
    const used = new Set(listImportsOfTheBuild())
    expect(onlyUsedByTests.filter((name) => !used.has(name))).toEqual([])
  })

  // Knip does not see this export's user, a script that imports the build.
  test('is checked', () => {
    const name = 'src/graphql/schema.ts: printContract'
    expect(onlyUsedByTests).toContain(name)
    expect(listImportsOfTheBuild()).toContain(name)
  })
})
