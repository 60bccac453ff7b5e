import type { ServerResponse } from 'node:http'
import { type BuildOptions, build } from 'esbuild'

/** A script for a page, with all that it imports, as a bundler for browsers makes it. */
export async function bundleForBrowsers(
  from: Pick<BuildOptions, 'entryPoints' | 'stdin' | 'alias'>,
): Promise<(response: ServerResponse) => void> {
  const { outputFiles } = await build({
    ...from,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const [script] = outputFiles ?? []
  if (script === undefined) throw new Error('esbuild made no script')
  return (response) => response.setHeader('content-type', 'text/javascript').end(script.contents)
}
