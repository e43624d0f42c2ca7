"""Files written whole, packed, digested, and read strictly."""
