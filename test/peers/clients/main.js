// Runs one client in Node. OPTIONS is JSON: node main.js NAME OPTIONS.
import { runClient } from './all.js'

const [name, options] = process.argv.slice(2)
console.log(JSON.stringify(await runClient(name, JSON.parse(options))))
process.exit()
