// Writes the software bill of materials of what is installed: node bin/packages/write-bill-of-materials.ts [file]
// The image is built with it, so it needs nothing but Node.js.

import { writeFileSync } from 'node:fs'
import { createBillOfMaterials } from './bill-of-materials.ts'
import { readProduct } from './production-packages.ts'

const [, , file] = process.argv
const product = readProduct(new URL('../../', import.meta.url))
const text = `${JSON.stringify(createBillOfMaterials(product, process.versions.node), null, 2)}\n`
if (file === undefined) process.stdout.write(text)
else writeFileSync(file, text)
