#!/usr/bin/env -S node --max-semi-space-size=4
// A young generation of 4 MB: shorter pauses of the event loop, see docs/decisions/young-generation.md.
import '../dist/src/main.js';
