#!/bin/sh
---
echo "${HOME}" 'quoted'
