"""How what members write sounds, without their texts."""
