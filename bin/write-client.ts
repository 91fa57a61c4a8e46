import { writeFileSync } from 'node:fs'
import { buildClient, SERVED_CLIENT } from './client/build-client.ts'

// Writes the browser client as it is served: node bin/write-client.ts. A test says when it was forgotten; it asks with --print.

if (process.argv[2] === '--print') process.stdout.write(buildClient())
else writeFileSync(SERVED_CLIENT, buildClient())
