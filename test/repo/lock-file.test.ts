import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

interface LockedPackage {
  readonly version?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** Where Node would find `name` from the package at `place`, or undefined. */
function findLocked(packages: Readonly<Record<string, LockedPackage>>, place: string, name: string): LockedPackage | undefined {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]
    if (found !== undefined || folder === '') return found
  }
}

// npm leaves out what the registry at hand does not have, and `npm ci` then refuses the lock file, here and everywhere else.
test('the lock file has the optional packages of every platform', () => {
  const { packages }: { packages: Record<string, LockedPackage> } = JSON.parse(readFileSync('package-lock.json', 'utf8'))
  const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => findLocked(packages, place, name)?.version === undefined),
  )
  expect(missing).toEqual([])
})
