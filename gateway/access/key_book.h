#pragma once
// What the process knows of client keys beside the catalog: the pepper they are hashed with, what
// they have used, and where new ones come from. Made by app; outlives control and the workers.

#include "gateway/access/key_hash.h"
#include "gateway/access/key_use.h"

namespace tallygate::access {

struct KeyBook {
  KeyHasher hasher;
  RandomBytes random;
  KeyUses uses = {};
};

}  // namespace tallygate::access
